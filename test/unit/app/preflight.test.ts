import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertFit, assertImages, assertOffered } from '../../../src/app/preflight.js';
import type { Check, Finding } from '../../../src/machines/host-check.js';
import { CliError } from '../../../src/errors/cli-error.js';
import { labOf } from '../../helpers/step-context.js';
import { TestWorld } from '../../helpers/test-world.js';

const check = (id: string, finding: Finding): Check => ({
  ...{ id, title: `Check ${id}` },
  applicable: () => true,
  run: () => Promise.resolve(finding),
});

let test: TestWorld;
beforeEach(async () => void (test = await TestWorld.make()));
afterEach(() => test.close());

const fit = (...checks: Check[]): Promise<void> =>
  assertFit('multipass', test.world({ checks: () => Promise.resolve(checks) }));

describe('assertFit', () => {
  it('accepts a host that meets all requirements', () =>
    expect(fit(check('a', { ok: true, found: 'there' }))).resolves.toBeUndefined());

  it('uses the code and hint of a finding with an error', async () => {
    const error = new CliError('MULTIPASS_DAEMON_DOWN', 'down', { hint: 'Start it.' });
    const low = check('memory', { ok: false, found: '2 GiB' });
    await expect(fit(low, check('service', { ok: false, found: 'down', error }))).rejects.toMatchObject({
      code: 'MULTIPASS_DAEMON_DOWN',
      details: ['Check memory: 2 GiB', 'Check service: down'],
      hint: 'Start it.',
    });
  });

  it('advises doctor --fix only for packages, and prints other commands', async () => {
    const packages = check('a', { ok: false, found: 'missing', fix: { packages: ['nftables'] } });
    const commands = check('b', { ok: false, found: 'off', fix: { commands: ['sudo snap connect x'] } });
    await expect(fit(packages)).rejects.toMatchObject({
      code: 'HOST_UNFIT',
      hint: 'Let kglab install what is missing: kglab doctor --fix',
    });
    await expect(fit(commands)).rejects.toMatchObject({ hint: 'sudo snap connect x' });
    await expect(fit(check('c', { ok: false, found: 'no' }))).rejects.toMatchObject({
      hint: expect.stringContaining('kglab doctor') as string,
    });
  });

  it('ignores optional checks', () =>
    expect(
      fit({ ...check('a', { ok: false, found: 'no' }), optional: 'kglab mount' }),
    ).resolves.toBeUndefined());

  it('reports missing root before anything else', () =>
    expect(
      fit(check('a', { ok: false, found: 'no' }), check('root', { ok: false, found: 'no' })),
    ).rejects.toMatchObject({ code: 'HOST_NOT_ROOT' }));
});

describe('assertOffered', () => {
  it.each(['network: {internet: off}', 'network: {subnet: 10.77.0.0/24}'])(
    'refuses %s where the network is not that of the lab',
    (yaml) => {
      const config = labOf(`name: demo\nprovider: auto\n${yaml}\n`);
      expect(() => assertOffered('multipass', config)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
      );
      assertOffered('nspawn', config);
    },
  );

  it.each(['', 'network: {internet: on}\n'])('accepts %j', (yaml) =>
    expect(() => assertOffered('multipass', labOf(`name: demo\nprovider: multipass\n${yaml}`))).not.toThrow(),
  );
});

describe('assertImages', () => {
  const OFF = labOf('network: {internet: off}\n');
  const chosen = {
    provisioner: 'docker.io/rancher/local-path-provisioner:v1',
    helper: 'busybox:1',
    smoke: 'x:1',
  };
  const archives = (images: string[], refs: string[] = []) =>
    ({ state: 'cached', images, extraImages: [{ path: '/x.tar', fileName: 'x.tar', refs }] }) as const;
  const bundle = [chosen.provisioner, 'docker.io/library/busybox:1'];

  it('finds cached images by their short and full names', () => {
    expect(() => assertImages(OFF, archives(bundle, ['docker.io/library/x:1']), chosen)).not.toThrow();
  });

  it('refuses a lab without internet if an image is missing, and says how to add it', () => {
    expect(() => assertImages(OFF, archives(['docker.io/library/x:1']), chosen)).toThrow(
      expect.objectContaining({
        code: 'ARTIFACT_MISSING',
        details: [chosen.provisioner, 'busybox:1'].map((image) => `${image} is not in the cache`),
        hint: expect.stringContaining(`docker save ${chosen.provisioner} busybox:1 -o images.tar`) as string,
      }) as Error,
    );
  });

  it.each([
    ['the smoke test is not made', 'network: {internet: off}\nsmoke: {enabled: false}\n', archives(bundle)],
    ['machines reach the internet', 'network: {internet: on}\n', archives([])],
    [
      'the release is still to be downloaded',
      'network: {internet: off}\n',
      { ...archives([]), state: 'to-download' as const },
    ],
  ])('does not care when %s', (_why, yaml, artifacts) => {
    expect(() => assertImages(labOf(yaml), artifacts, chosen)).not.toThrow();
  });
});
