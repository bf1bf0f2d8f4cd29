import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findArtifacts } from '../../../src/lab/run-context.js';
import { look, status } from '../../../src/app/status.js';
import { up } from '../../../src/app/up.js';
import { satisfied } from '../../../src/engine/context.js';
import { STEPS } from '../../../src/recipe/rebuild.js';
import { labOf, reads } from '../../helpers/step-context.js';
import { TestWorld } from '../../helpers/test-world.js';
import { withEffects } from '../../helpers/with-effects.js';
import { writeRelease } from '../artifacts/fake-release.js';

/** A lab on which every step is satisfied: only what comes before the steps is of interest. */
const kinds = withEffects(STEPS, ({ kind }) => ({
  probe: () => Promise.resolve(satisfied),
  apply: () => Promise.reject(new Error(kind)),
}));

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
  return (await findArtifacts(await test.lab(test.world(), record))).version;
};

describe('the release of a lab', () => {
  it('is the newest of the cache when the lab is made, and stays: the cache serves other labs, too', async () => {
    cache('v1.35.1+k3s1');
    await up(config, { kinds }, test.world());
    expect(test.said).toContain('k3s v1.35.1+k3s1, from the cache');
    cache('v1.36.2+k3s1');
    await up(config, { kinds }, test.world());
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
    await up(older, { kinds }, test.world());
    await up(config, { kinds }, test.world());
    expect(await used()).toBe('v1.35.1+k3s1');
  });

  it('is not settled by a look', async () => {
    cache('v1.35.1+k3s1');
    await up(config, { kinds, dryRun: true }, test.world());
    expect(await test.store.load('demo')).toBeUndefined();
  });
});

describe('without the files of a release', () => {
  const lacking = labOf('name: demo\nprovider: nspawn\nk3s: { artifacts: /no/such/release }\n');

  it('what comes before k3s is done, and nothing is settled', async () => {
    await up(lacking, { kinds, until: 'mounts' }, test.world());
    expect(await test.store.load('demo')).toMatchObject({ name: 'demo' });
    expect(await test.store.load('demo')).not.toHaveProperty('release');
    await expect(up(lacking, { kinds, until: 'k3s' }, test.world())).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
    });
  });

  it('the lab is looked at, and the status says what is the matter', async () => {
    const record = test.record({ config: lacking });
    test.stage.provider.infos = [];
    const { picture, pending } = await status(await test.lab(test.world(), record));
    expect(picture.facts).toEqual(['nspawn']);
    expect(pending[0]?.id).toBe('machines.create:demo-node1');
    expect(pending.at(-1)).toMatchObject({
      ...{ id: 'k3s.install', because: expect.stringContaining('/no/such/release') as string },
    });
  });

  it('the picture shows the release that is installed, not one of the cache', async () => {
    cache('v1.36.2+k3s1');
    for (const name of ['demo-node1', 'demo-node2', 'demo-node3'])
      test.stage.on(name).on(/./, { exitCode: 1 });
    test.stage.on('demo-node1').on(reads('/etc/kglab/k3s.installed'), 'v1.35.1+k3s1\nsum file\n');
    expect((await look(await test.lab())).facts).toEqual(['nspawn', 'k3s v1.35.1+k3s1']);
  });
});
