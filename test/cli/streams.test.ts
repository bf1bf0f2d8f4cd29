import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Home } from '../helpers/run-kglab.js';

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

const SIMULATED = ['-n', 'sim', '--provider', 'simulator'];
const up = ['up', ...SIMULATED];

/** How many steps another `up` has to do. */
const changesLeft = async (): Promise<unknown> => {
  const { stdout } = await home.kglab([...up, '-q', '-o', 'json']);
  return (JSON.parse(stdout) as { changed: number }).changed;
};

const onLinux = it.skipIf(process.platform !== 'linux');

describe('a closed pipe', () => {
  it.each(['lines', 'list', 'json'])('does not end an up that shows its progress as %s', async (mode) => {
    const ran = await home.kglab([...up, '--progress', mode], { stderr: 'closed' });
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.stdout).toContain('remove it');
    expect(await changesLeft()).toBe(0);
  });

  it('lets `up` create the lab and then end with 141', async () => {
    const ran = await home.kglab(up, { stdout: 'closed', stderr: 'closed' });
    expect(ran.exitCode).toBe(141);
    expect(await changesLeft()).toBe(0);
  });

  it.each(['plan -o json', 'list', 'version', '--help'])(
    'ends a command whose result is lost with 141, without a word: %s',
    async (words) => {
      expect(await home.kglab(words.split(' '), { stdout: 'closed' })).toMatchObject({
        exitCode: 141,
        stderr: '',
      });
    },
  );

  it('passes on what was read before', () => {
    const script = '"$0" "$1" plan -o json --nodes 200 | head -c 10; echo " ${PIPESTATUS[0]}"';
    const words = ['-c', script, process.execPath, inject('kglab')];
    expect(execFileSync('bash', words, { cwd: home.cwd, encoding: 'utf8' })).toBe('{\n  "lab": 141\n');
  });

  it.each(['stdout', 'stderr'] as const)('keeps the exit code of a failed command: %s', async (closed) => {
    expect(await home.kglab(['status', '-n', 'nope'], { [closed]: 'closed' })).toMatchObject({
      exitCode: 11,
    });
    expect(await home.kglab(['nonsense'], { [closed]: 'closed' })).toMatchObject({ exitCode: 2 });
  });

  it('keeps the exit code of a command in a machine', async () => {
    await home.kglab([...up, '-q']);
    const exec = (...words: string[]) =>
      home.kglab(['exec', '-n', 'sim', 'node1', '--', ...words], { stdout: 'closed' });
    expect((await exec('cat', '/proc/self/mounts')).exitCode).toBe(141);
    expect((await exec('cat', '/nothing/here')).exitCode).toBe(1);
    expect(
      (await home.kglab(['kubectl', '-n', 'sim', '--', 'get', 'nodes'], { stdout: 'closed' })).exitCode,
    ).toBe(141);
  });
});

/** Has node fail every write to a log as on a full disk. */
const FULL_LOG = `--import data:text/javascript,${encodeURIComponent(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const write = fs.writeFileSync;
  fs.writeFileSync = (file, ...rest) => {
    if (typeof file === 'number') throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return write(file, ...rest);
  };
  syncBuiltinESMExports();
`)}`;

describe('the log of a run', () => {
  const logs = (): string => {
    const dir = join(home.state, 'labs', 'sim', 'logs');
    return readdirSync(dir)
      .map((name) => readFileSync(join(dir, name), 'utf8'))
      .join('');
  };

  it('that cannot be written does not end the run and is reported once', async () => {
    const ran = await home.kglab([...up, '--progress', 'lines'], { env: { NODE_OPTIONS: FULL_LOG } });
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr.match(/the log of this run is incomplete: ENOSPC/g)).toHaveLength(1);
    expect(await changesLeft()).toBe(0);
  });

  it('contains the error that ended the run', async () => {
    await home.kglab([...up, '-q']);
    const { exitCode } = await home.kglab(['up', '-n', 'sim', '--provider', 'nspawn', '-q']);
    expect(exitCode).toBe(12);
    expect(logs()).toContain('failed: CliError');
  });
});

describe('a full disk', () => {
  onLinux.each(['list', 'plan -o json', 'version', '--help'])(
    'fails a command whose result it cannot take, and says so: %s',
    async (words) => {
      const { exitCode, stderr } = await home.kglab(words.split(' '), { stdout: 'full' });
      expect(exitCode).toBe(28);
      expect(stderr).toContain('[OUTPUT_FAILED]');
      expect(stderr).toContain('ENOSPC');
      expect(stderr).not.toContain('    at ');
    },
  );

  onLinux('does not end an up, whose result is lost', async () => {
    expect(await home.kglab(up, { stdout: 'full', stderr: 'full' })).toMatchObject({ exitCode: 28 });
    expect(await changesLeft()).toBe(0);
  });

  onLinux('that takes no talk does not fail a command', async () => {
    expect(await home.kglab(up, { stderr: 'full' })).toMatchObject({ exitCode: 0 });
  });
});
