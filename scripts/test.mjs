#!/usr/bin/env node
// Builds kglab, runs the unit tests, then the end-to-end tests where the host allows them, and adds both up. Prints the
// slowest unit files and every end-to-end file with its seconds; the counts are the last line.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = await mkdtemp(join(tmpdir(), 'kglab-test-'));
const startedAt = Date.now();

/** How many of the unit test files, of which there are many quick ones, are listed with their seconds. */
const SLOWEST_UNIT_FILES = 15;

// Ctrl-C reaches vitest too; it cleans up, and its report is still added up here.
process.on('SIGINT', () => {});

/** Runs a program in the foreground; its exit code, or 1 when a signal ended it. */
const run = (file, args, env = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });

/** Files of expected output that were missing, and that vitest has just written from what the code does now. */
const writtenAnew = ({ snapshot }) => snapshot?.added ?? 0;

/** A file that fails to load has no test to blame: it counts as one failure. */
const brokenFiles = ({ testResults }) =>
  testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;

const tally = async (file) => {
  const report = JSON.parse(await readFile(file, 'utf8'));
  const added = writtenAnew(report);
  if (added > 0)
    console.log(`Snapshots that were missing, written now: ${added}. Check and commit them (git status).`);
  return {
    passed: report.numPassedTests - added,
    failed: report.numFailedTests + brokenFiles(report) + added,
    skipped: report.numPendingTests + report.numTodoTests,
  };
};

/** Seconds of each test file that ended, slowest first. */
const timesIn = async (file) =>
  Object.entries(JSON.parse(await readFile(file, 'utf8'))).sort(([, one], [, other]) => other - one);

/** Runs one project. That it ends badly without a failed test (no test found, a stray rejection) is a failure too. */
const runProject = async (project) => {
  const [report, times] = [join(reports, `${project}.json`), join(reports, `${project}-times.json`)];
  const words = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config=test/vitest.config.ts',
    `--project=${project}`,
    // A test marked `only`, for a moment of somebody's work, would leave all others out.
    '--allowOnly=false',
    '--reporter=default',
    '--reporter=json',
    '--reporter=./scripts/test-times.mjs',
    `--outputFile.json=${report}`,
  ];
  const exitCode = await run(process.execPath, words, { KGLAB_TEST_TIMES: times });
  const counts = await tally(report).catch(() => ({ passed: 0, failed: 0, skipped: 0 }));
  const failed = Math.max(counts.failed, exitCode === 0 ? 0 : 1);
  return { ...counts, failed, project, times: await timesIn(times).catch(() => []) };
};

/** Prints a table of files with their seconds. */
const showTimes = (title, times) => {
  if (times.length === 0) return;
  console.log(`\n${title}`);
  for (const [file, seconds] of times) console.log(`${seconds.toFixed(1).padStart(8)}  ${file}`);
};

/** Why the end-to-end tests cannot run here, if so. */
const obstacle = () => {
  if (process.platform !== 'linux') return `machines are made on Linux only, this is ${process.platform}`;
  if (process.getuid() !== 0) return 'making machines needs root (sudo npm test runs them)';
  return undefined;
};

const runAll = async () => {
  if ((await run(process.execPath, ['scripts/build.mjs'])) !== 0)
    return [{ passed: 0, failed: 1, skipped: 0, project: 'build', times: [] }];
  const unit = await runProject('unit');
  const reason = obstacle();
  if (reason === undefined) return [unit, await runProject('e2e')];
  console.log(`End-to-end tests are left out: ${reason}.`);
  return [unit];
};

const results = await runAll().finally(() => rm(reports, { recursive: true, force: true }));
const sum = (key) => results.reduce((total, counts) => total + counts[key], 0);
const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(sum);

for (const { project, times } of results) {
  if (project === 'unit')
    showTimes(
      `Seconds of the ${SLOWEST_UNIT_FILES} slowest unit test files:`,
      times.slice(0, SLOWEST_UNIT_FILES),
    );
  else showTimes('Seconds of each end-to-end test file:', times);
}
console.log(`\nTotal time: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
