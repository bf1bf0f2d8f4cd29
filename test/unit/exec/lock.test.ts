import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, startOf, takeLock, type Holder } from '../../../src/exec/lock.js';
import { failureOf } from '../../helpers/step-context.js';

let base = '';
let lock = '';
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'kglab-lock-'));
  lock = join(base, 'demo', 'lock');
});
afterEach(() => rm(base, { recursive: true, force: true }));

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const take = (what = 'up') => takeLock(lock, what, NOW);

/** A process id that was in use a moment ago and is no more. */
const deadPid = async (): Promise<number> => {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
};
const dead = async (): Promise<Holder> => ({
  pid: await deadPid(),
  started: '12345',
  since: '2026-01-01T00:00:00.000Z',
  what: 'up',
});

describe('takeLock', () => {
  it('refuses a second lock, naming the holder, until the first is released', async () => {
    const release = await take();
    const error = await failureOf(take('down'));
    expect(error).toMatchObject({
      code: 'LAB_BUSY',
      exitCode: 23,
      hint: expect.stringContaining(`kill ${process.pid}`) as string,
    });
    expect(String(error)).toContain(
      `\`kglab up\` (process ${process.pid}) is using this lab (started 2026-01-02T03:04:05.000Z`,
    );
    await release();
    await (
      await take()
    )();
  });

  it('creates a lock of mode 0600 and leaves no files behind', async () => {
    const release = await take();
    expect((await stat(lock)).mode & 0o777).toBe(0o600);
    expect((await stat(join(base, 'demo'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(base, 'demo'))).toEqual(['lock']);
    await failureOf(take());
    await release();
    expect(await readdir(join(base, 'demo'))).toEqual([]);
  });

  it('takes over the lock of a process that has ended', async () => {
    await (
      await take()
    )();
    await writeFile(lock, JSON.stringify(await dead()));
    await take('down');
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid, what: 'down' });
    expect(await readdir(join(base, 'demo'))).toEqual(['lock']);
  });

  it('takes over when another process has the PID of the holder', async () => {
    await (
      await take()
    )();
    await writeFile(lock, JSON.stringify({ ...(await dead()), pid: process.pid }));
    await take('down');
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid, what: 'down' });
  });

  it.skipIf(process.platform !== 'linux')(
    'takes over from a dead process that nobody has reaped',
    async () => {
      // The shell becomes a program that never asks for the end of its child.
      const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        await (
          await take()
        )();
        const pid = Number(String((await once(parent.stdout, 'data'))[0]));
        await writeFile(lock, JSON.stringify({ ...(await dead()), pid, started: await startOf(pid) }));
        expect(await failureOf(take())).toMatchObject({ code: 'LAB_BUSY' });
        for (const one of [parent.pid, pid])
          await expect.poll(() => readFile(`/proc/${one}/comm`, 'utf8'), { timeout: 10_000 }).toBe('sleep\n');
        process.kill(pid, 'SIGKILL');
        await expect
          .poll(() => readFile(`/proc/${pid}/stat`, 'utf8'), { timeout: 10_000 })
          .toMatch(/^\d+ \(sleep\) Z/);
        await take('down');
        expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid, what: 'down' });
      } finally {
        parent.kill();
      }
    },
  );

  it('refuses the lock of another running process', async () => {
    const child = spawn('sleep', ['60']);
    try {
      await (
        await take()
      )();
      const pid = child.pid ?? 0;
      await writeFile(lock, JSON.stringify({ ...(await dead()), pid, started: await startOf(pid) }));
      expect(await failureOf(take())).toMatchObject({ code: 'LAB_BUSY' });
    } finally {
      child.kill();
    }
  });

  it('takes over a lock that a power cut left empty', async () => {
    await (
      await take()
    )();
    await writeFile(lock, '');
    await take('down');
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid, what: 'down' });
  });

  it.each(['{"pid":', '{}', 'null', '{"pid":"7"}'])(
    'does not take over a damaged lock, whose holder may live: %j',
    async (text) => {
      await (
        await take()
      )();
      await writeFile(lock, text);
      await expect(take()).rejects.toMatchObject({
        code: 'RECORD_DAMAGED',
        hint: expect.stringContaining(`rm ${lock}`) as string,
      });
      expect(await readFile(lock, 'utf8')).toBe(text);
      expect(await readdir(join(base, 'demo'))).toEqual(['lock']);
    },
  );

  it('lets exactly one of many processes take a free lock', async () => {
    const taken = await Promise.allSettled(Array.from({ length: 12 }, () => take()));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('lets exactly one of many processes take over the lock of a dead one, every time', async () => {
    await (
      await take()
    )();
    const holder = JSON.stringify(await dead());
    for (let round = 0; round < 60; round += 1) {
      await writeFile(lock, holder);
      const taken = await Promise.allSettled(Array.from({ length: 8 }, () => take()));
      const won = taken.filter((one) => one.status === 'fulfilled');
      expect(won).toHaveLength(1);
      await won[0]?.value();
      expect(await readdir(join(base, 'demo'))).toEqual([]);
    }
  });

  it('takes over after a process died during its own takeover', async () => {
    await (
      await take()
    )();
    const holder = await dead();
    await writeFile(lock, JSON.stringify(holder));
    await writeFile(`${lock}.next`, JSON.stringify(await dead()));
    await take();
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid });
  });
});

describe('isAlive', () => {
  it('compares the start time of the process, and only the PID without one', async () => {
    const me = { pid: process.pid, started: await startOf(process.pid), since: '', what: '' };
    expect(me.started).toMatch(/^\d+$/);
    expect(await isAlive(me)).toBe(true);
    expect(await isAlive({ ...me, started: '1' })).toBe(false);
    expect(await isAlive({ ...me, started: '' })).toBe(true);
    expect(await isAlive({ ...me, pid: await deadPid(), started: '' })).toBe(false);
  });
});
