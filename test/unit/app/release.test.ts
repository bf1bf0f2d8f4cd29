import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findArtifacts } from '../../../src/app/open-lab.js';
import { up } from '../../../src/app/up.js';
import { satisfied, type StepHandlers } from '../../../src/engine/context.js';
import { HANDLERS } from '../../../src/stages/handlers.js';
import { labOf } from '../../helpers/step-context.js';
import { TestWorld } from '../../helpers/test-world.js';
import { writeRelease } from '../artifacts/fake-release.js';

/** A lab on which every step is satisfied: only what comes before the steps is of interest. */
const handlers = Object.fromEntries(
  Object.keys(HANDLERS).map((kind) => [
    kind,
    { probe: () => Promise.resolve(satisfied), apply: () => Promise.reject(new Error(kind)) },
  ]),
) as unknown as StepHandlers;

let test: TestWorld;
beforeEach(async () => {
  test = await TestWorld.make();
});
afterEach(() => test.close());

const cache = (version: string): string =>
  writeRelease(join(test.base, 'cache', 'k3s', version, 'amd64'), { version });
const config = labOf('name: demo\nprovider: nspawn\n');
const used = async (): Promise<string> => {
  const record = await test.store.load('demo');
  return (await findArtifacts(record ?? test.record(), test.world())).version;
};

describe('the release of a lab', () => {
  it('is the newest of the cache when the lab is made, and stays: the cache serves other labs, too', async () => {
    cache('v1.35.1+k3s1');
    await up(config, { handlers }, test.world());
    expect(test.said).toContain('k3s v1.35.1+k3s1, from the cache');
    cache('v1.36.2+k3s1');
    await up(config, { handlers }, test.world());
    expect(await used()).toBe('v1.35.1+k3s1');
    expect(test.said.filter((line) => line.includes('v1.36'))).toEqual([]);
  });

  it('is not another one because the cache was emptied', async () => {
    await test.store.save(test.record({ release: 'v1.35.1+k3s1' }));
    expect(await used()).toBe('v1.35.1+k3s1');
  });

  it('is what the lab file says, from then on', async () => {
    cache('v1.35.1+k3s1');
    cache('v1.36.2+k3s1');
    await test.store.save(test.record({ release: 'v1.36.2+k3s1' }));
    const older = labOf('name: demo\nprovider: nspawn\nk3s: { version: v1.35.1+k3s1 }\n');
    await up(older, { handlers }, test.world());
    await up(config, { handlers }, test.world());
    expect(await used()).toBe('v1.35.1+k3s1');
  });

  it('is not settled by a look', async () => {
    cache('v1.35.1+k3s1');
    await up(config, { handlers, dryRun: true }, test.world());
    expect(await test.store.load('demo')).toBeUndefined();
  });
});
