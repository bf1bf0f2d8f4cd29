#!/usr/bin/env node
// Everything a machine can judge without making a lab: format, lint, types, who imports whom, sizes, shell scripts, and
// whether the generated docs are in step with the code.
import { availableParallelism } from 'node:os';
import { $, chalk, cd, which } from 'zx';
import { missingPaths, mutualFolders, shellScripts, smallFiles, wideInterface } from './tree.mjs';

cd(new URL('..', import.meta.url).pathname);
$.quiet = true;
$.nothrow = true;
$.preferLocal = true;

const IN_CI = !['', 'false', undefined].includes(process.env.CI);

/** Tests that compare a generated file with the code: docs/*.md and templates/lab.schema.json. */
const DOC_TESTS = [
  'test/unit/cli/commands-doc.test.ts',
  'test/unit/config/json-schema.test.ts',
  'test/unit/errors/catalog.test.ts',
  'test/unit/wizard/wizard.test.ts',
];
const VITEST = ['vitest', 'run', '--config', 'test/vitest.config.ts', '--project', 'unit'];

/** The end of a program as a result. */
const endOf = async (program) => {
  const { exitCode, stdout, stderr } = await program;
  return { failed: exitCode !== 0, output: `${stdout}${stderr}`.trim() };
};

const faults = (found) => ({ failed: found.length > 0, output: found.join('\n') });

/** Variables that a file sets for others that source it, or takes from them: shellcheck cannot see the others. */
const ACROSS_FILES = 'SC2034,SC2153,SC2154';

const checkShell = async () => {
  if ((await which('shellcheck', { nothrow: true })) === null) {
    const output = 'shellcheck is not installed: apt-get install shellcheck';
    return IN_CI ? { failed: true, output } : { failed: false, skipped: output, output: '' };
  }
  const { named, unnamed } = shellScripts('.ci', 'scripts', 'src', 'templates', 'test');
  return faults(
    (
      await Promise.all([
        endOf($`shellcheck --format gcc ${named}`),
        endOf($`shellcheck --format gcc --shell bash --exclude ${ACROSS_FILES} ${unnamed}`),
      ])
    ).flatMap(({ failed, output }) => (failed ? [output] : [])),
  );
};

/** The longest first: as many run at a time as there are processors. */
const CHECKS = [
  { name: 'lint', run: () => endOf($`eslint --max-warnings 0 .`), fixer: 'npm run fix' },
  { name: 'types', run: () => endOf($`tsc --pretty false`) },
  { name: 'format', run: () => endOf($`prettier --check --log-level warn .`), fixer: 'npm run fix' },
  {
    name: 'docs',
    // With CI set, vitest fails on a file that is missing instead of writing it.
    run: () => endOf($({ env: { ...process.env, CI: 'true' } })`${VITEST} ${DOC_TESTS}`),
    fixer: `npx ${VITEST.join(' ')} -u ${DOC_TESTS.join(' ')}`,
  },
  { name: 'shell', run: checkShell },
  { name: 'directions', run: () => endOf($`depcruise --no-progress --output-type err src test`) },
  { name: 'folders', run: () => faults(mutualFolders('src')) },
  { name: 'small files', run: () => faults(smallFiles('src')) },
  { name: 'doc paths', run: () => faults(missingPaths('docs/architecture.md')) },
  { name: 'provider', run: () => faults(wideInterface('src/machines/provider.ts', 'MachineProvider', 8)) },
];

/** Runs a check, prints one line about it, and returns what it had to say if it failed. */
const judge = async ({ name, run, fixer }) => {
  const began = Date.now();
  const { failed, skipped, output } = await run();
  const verdict = failed ? chalk.red('FAILED') : skipped ? chalk.yellow('skipped') : chalk.green('ok');
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`${name.padEnd(12)} ${verdict} (${seconds} s)${skipped ? `: ${skipped}` : ''}`);
  return failed ? { name, fixer, output } : undefined;
};

const waiting = [...CHECKS];
const failures = [];
const work = async () => {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const failure = await judge(check);
    if (failure !== undefined) failures.push(failure);
  }
};
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));

for (const { name, fixer, output } of failures) {
  console.log(`\n${chalk.red(name)}${fixer ? ` (this may mend it: ${fixer})` : ''}\n${output}`);
}
if (failures.length > 0) console.log(`\nfailed: ${failures.map(({ name }) => name).join(', ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
