import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import { survey } from '../../../src/volumes/survey.js';
import { labOf, Stage } from '../../helpers/step-context.js';

const host = new HostExecutor();
let dir: string;
let mount: string;

/** The survey as a machine's shell makes it, on a directory that passes for a Gluster mount. */
const look = async () => {
  const PATH = `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`;
  const context = new Stage().context({
    machine: (name) => ({
      name,
      exec: (command, options) => host.exec({ ...command, env: { PATH } }, options),
    }),
  });
  const lab = labOf();
  const volumes = lab.volumes.map((volume) => ({ ...volume, mount }));
  const [found] = await survey({ ...lab, volumes }, 'here', context);
  if (found === undefined) throw new Error('no volume was surveyed');
  return found;
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kglab-survey-'));
  mount = join(dir, 'm');
  await mkdir(join(dir, 'bin'));
  await mkdir(join(mount, '.kglab/quarantine'), { recursive: true });
  await writeFile(join(dir, 'bin/stat'), '#!/bin/sh\necho 65735546\n');
  await chmod(join(dir, 'bin/stat'), 0o755);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('finds everything at the top of a volume but what kglab keeps there', async () => {
  await Promise.all(['a b', '.hidden', '..odd'].map((name) => mkdir(join(mount, name))));
  await Promise.all(
    ['notes.txt', '..x', '.y', 'back\\nslash'].map((name) => writeFile(join(mount, name), '')),
  );
  await symlink('nowhere', join(mount, 'dangling'));
  const { directories, others } = await look();
  expect(directories.map(({ name }) => name).sort()).toEqual(['..odd', '.hidden', 'a b']);
  expect([...others].sort()).toEqual(
    ['..x', '.y', 'back\\nslash', 'dangling', 'notes.txt'].map((name) => `${mount}/${name}`),
  );
});

it('reads names with blanks in the quarantine', async () => {
  const place = join(mount, '.kglab/quarantine/1795220046-my old data');
  await mkdir(place);
  await writeFile(join(place, 'manifest.json'), '{"version":1,"pv":"a","path":"/m/my old data"}\n');
  const { quarantine } = await look();
  expect(quarantine).toMatchObject([{ name: '1795220046-my old data', path: place, entry: { pv: 'a' } }]);
});

it('finds nothing on an empty volume', async () => {
  expect(await look()).toMatchObject({ mounted: true, directories: [], others: [], quarantine: [] });
});

it('fails when the volume cannot be read', async () => {
  await rm(mount, { recursive: true });
  await expect(look()).rejects.toMatchObject({ code: 'VOLUME_FAILED' });
});
