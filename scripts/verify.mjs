#!/usr/bin/env node
// Everything a machine can judge without running kglab: format, lint, types, dependency directions.
import { $, chalk, cd } from 'zx';

cd(new URL('..', import.meta.url).pathname);

const CHECKS = [
  { name: 'format', run: () => $`prettier --check --log-level warn .`, fixer: 'npm run fix' },
  { name: 'lint', run: () => $`eslint --max-warnings 0 .`, fixer: 'npm run fix' },
  { name: 'types', run: () => $`tsc --pretty false` },
  { name: 'directions', run: () => $`depcruise --no-progress --output-type err src test` },
];

$.quiet = true;
$.nothrow = true;
$.preferLocal = true;

/** Runs a check, prints one line about it, and returns what it had to say if it failed. */
const judge = async ({ name, run, fixer }) => {
  const { exitCode, stdout, stderr, duration } = await run();
  const verdict = exitCode === 0 ? chalk.green('ok') : chalk.red('FAILED');
  console.log(`${name.padEnd(12)} ${verdict} (${(duration / 1000).toFixed(1)} s)`);
  return exitCode === 0 ? undefined : { name, fixer, output: `${stdout}${stderr}`.trim() };
};

const failures = (await Promise.all(CHECKS.map(judge))).filter((failure) => failure !== undefined);

for (const { name, fixer, output } of failures) {
  console.log(`\n${chalk.red(name)}${fixer ? ` (${fixer} may mend it)` : ''}\n${output}`);
}
if (failures.length > 0) console.log(`\nfailed: ${failures.map(({ name }) => name).join(', ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
