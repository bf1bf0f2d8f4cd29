import { chmod, mkdtemp, readdir, rm, stat, writeFile as write } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandError } from '../../../src/exec/checked.js';
import type { Command, Executor } from '../../../src/exec/command.js';
import { copyIn, readFile, writeFile } from '../../../src/guest/files.js';
import { HostExecutor } from '../../../src/exec/host-executor.js';

const host = new HostExecutor();
let dir = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kglab-files-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('files', () => {
  it('writes, replaces and reads back', async () => {
    const path = join(dir, 'deep/er', 'a file');
    await writeFile(host, path, 'one\n\n', { mode: '0640' });
    await writeFile(host, path, 'two', { mode: '0600' });
    expect(await readFile(host, path)).toBe('two');
    expect(await mode(path)).toBe(0o600);
    expect(await readdir(join(dir, 'deep/er'))).toEqual(['a file']);
  });

  it('copies a file of the host', async () => {
    await write(join(dir, 'source'), 'x'.repeat(300_000));
    await copyIn(host, join(dir, 'source'), join(dir, 'copy'), { mode: '0755' });
    expect((await readFile(host, join(dir, 'copy')))?.length).toBe(300_000);
    expect(await mode(join(dir, 'copy'))).toBe(0o755);
  });

  it('keeps the old file when writing fails', async () => {
    const path = join(dir, 'kept');
    await writeFile(host, path, 'old', { mode: '0600' });
    await expect(writeFile(host, path, 'new', { mode: '0600', owner: 'no-such-user' })).rejects.toThrow(
      CommandError,
    );
    expect(await readFile(host, path)).toBe('old');
  });

  it('returns undefined for a missing file and throws for an unreadable one', async () => {
    expect(await readFile(host, join(dir, 'none'))).toBeUndefined();
    await chmod(dir, 0o700);
    await expect(readFile(host, dir, { where: 'n1', code: 'MOUNT_FAILED' })).rejects.toMatchObject({
      code: 'MOUNT_FAILED',
      where: 'n1',
    });
  });

  it('never passes content as an argument', async () => {
    const seen: Command[] = [];
    const spy: Executor = {
      exec: async (command) => {
        seen.push(command);
        return { exitCode: 0, stdout: '', stderr: '', durationMs: 0 };
      },
    };
    await writeFile(spy, '/etc/token', 'hush', { mode: '0600' });
    expect(seen.map(({ stdin }) => stdin)).toContain('hush');
    expect(JSON.stringify(seen.map(({ args, env }) => [args, env]))).not.toContain('hush');
  });
});
