import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../src/lab/world.js';
import { lockLab, withLock } from '../../../src/lab/with-lock.js';
import { LabStore } from '../../../src/lab/lab-store.js';
import { failureOf } from '../../helpers/step-context.js';
import { TestWorld } from '../../helpers/test-world.js';

let test: TestWorld;
let mine: World;
/** Another root shell, with a HOME of its own. */
let other: World;
const machines = (): string => join(test.base, 'machines', 'nspawn', 'labs', 'demo');
const makeLab = async (): Promise<void> => {
  await mkdir(machines(), { recursive: true });
  await writeFile(join(machines(), 'lab.json'), '{}');
};

beforeEach(async () => {
  test = await TestWorld.make();
  mine = test.world();
  other = test.world({ store: new LabStore(join(test.base, 'other-state')) });
});
afterEach(() => test.close());

describe('the lock of a lab', () => {
  it('also excludes another user with the same machines, and is released', async () => {
    await makeLab();
    const refused = await withLock(mine, 'demo', 'down', () => failureOf(lockLab(other, 'demo', 'up')));
    expect(refused).toMatchObject({
      code: 'LAB_BUSY',
      message: expect.stringContaining('kglab down') as string,
    });
    expect(await readdir(machines())).toEqual(['lab.json']);
    // Who was refused holds nothing.
    await withLock(other, 'demo', 'up', () => Promise.resolve());
  });

  it('creates no folder for an unknown lab, and covers a lab that was created in the meantime', async () => {
    const lock = await lockLab(mine, 'demo', 'up');
    await expect(readdir(join(test.base, 'machines'))).rejects.toMatchObject({ code: 'ENOENT' });
    await makeLab();
    await lock.extend();
    await lock.extend();
    await expect(lockLab(other, 'demo', 'down')).rejects.toMatchObject({ code: 'LAB_BUSY' });
    await lock.release();
    await withLock(other, 'demo', 'down', () => Promise.resolve());
  });
});
