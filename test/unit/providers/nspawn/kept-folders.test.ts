import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostExecutor } from '../../../../src/exec/host-executor.js';
import {
  completeKeep,
  forgetKept,
  forgetPartial,
  restoreFolders,
  keep,
  keptFolders,
  onHost,
} from '../../../../src/providers/nspawn/kept-folders.js';
import { labPaths, type LabPaths } from '../../../../src/providers/nspawn/paths.js';

const NAME = 'demo-node1';
const FOLDERS = ['/var/lib/glusterd', '/data'];
const host = new HostExecutor();

let base = '';
let paths: LabPaths;
const put = async (folder: string, text: string): Promise<void> => {
  const { at } = onHost(paths.machine(NAME), folder);
  await mkdir(at, { recursive: true });
  await writeFile(join(at, 'file'), text);
};
const read = (folder: string): Promise<string> =>
  readFile(join(onHost(paths.machine(NAME), folder).at, 'file'), 'utf8');
/** The machine is removed, and another of its name is being laid. */
const another = async (): Promise<void> => {
  await rm(paths.machine(NAME).dir, { recursive: true, force: true });
  await mkdir(paths.machine(NAME).upper, { recursive: true });
  await mkdir(paths.machine(NAME).own('data'), { recursive: true });
};

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'kglab-kept-'));
  paths = labPaths(base, 'demo');
  await put('/data', 'brick');
  await put('/var/lib/glusterd', 'pool');
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('kept folders', () => {
  it('outlive the machine and are in the next one of its name', async () => {
    expect(await keep(paths, NAME, FOLDERS)).toBe(join(base, 'kept/demo', NAME));
    await another();
    expect(await restoreFolders(host, paths, NAME, {})).toBe(true);
    expect([await read('/data'), await read('/var/lib/glusterd')]).toEqual(['brick', 'pool']);
    await forgetKept(paths, NAME);
    expect(await readdir(base)).toEqual(['labs']);
  });

  it('are kept by a second try when the first was cut short', async () => {
    await keep(paths, NAME, ['/data']);
    await keep(paths, NAME, FOLDERS.toReversed());
    await another();
    await restoreFolders(host, paths, NAME, {});
    expect([await read('/data'), await read('/var/lib/glusterd')]).toEqual(['brick', 'pool']);
  });

  it('are given back again to a machine that was laid only half', async () => {
    await keep(paths, NAME, FOLDERS);
    await another();
    await restoreFolders(host, paths, NAME, {});
    // Laid again: the overlay is new, folders of its own stay.
    await rm(paths.machine(NAME).upper, { recursive: true });
    await restoreFolders(host, paths, NAME, {});
    expect([await read('/data'), await read('/var/lib/glusterd')]).toEqual(['brick', 'pool']);
  });

  it('are never replaced by others', async () => {
    await keep(paths, NAME, FOLDERS);
    await put('/data', 'newer');
    await expect(keep(paths, NAME, FOLDERS)).rejects.toMatchObject({ code: 'MACHINE_FAILED' });
    expect(await read('/data')).toBe('newer');
  });

  it('may be missing in the machine', async () => {
    expect(await restoreFolders(host, paths, 'demo-node2', {})).toBe(false);
  });

  it('come from a machine that is no complete one any more', async () => {
    const { seeded } = paths.machine(NAME);
    await writeFile(seeded, '');
    await keep(paths, NAME, FOLDERS);
    await expect(stat(seeded)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await keptFolders(paths)).toEqual([{ machine: NAME, path: join(paths.kept, NAME), whole: true }]);
  });

  it('are all in the next machine when keeping them was cut short and `up` came next', async () => {
    await keep(paths, NAME, FOLDERS);
    // As it was before the second move.
    await rename(join(paths.kept, NAME, '1'), paths.machine(NAME).own('data'));
    await completeKeep(paths, NAME);
    await rm(paths.machine(NAME).upper, { recursive: true });
    await restoreFolders(host, paths, NAME, {});
    expect([await read('/data'), await read('/var/lib/glusterd')]).toEqual(['brick', 'pool']);
  });

  it('are known by the order in which they were first kept', async () => {
    await keep(paths, NAME, ['/data']);
    await keep(paths, NAME, ['/var/lib/glusterd', '/data']);
    await another();
    await restoreFolders(host, paths, NAME, {});
    expect([await read('/data'), await read('/var/lib/glusterd')]).toEqual(['brick', 'pool']);
  });

  it('are removed after a machine got them back, otherwise kept', async () => {
    await keep(paths, NAME, FOLDERS);
    await forgetPartial(paths, NAME);
    expect(await keptFolders(paths)).toHaveLength(1);
    await another();
    await restoreFolders(host, paths, NAME, {});
    expect(await keptFolders(paths)).toMatchObject([{ machine: NAME, whole: false }]);
    await writeFile(paths.machine(NAME).seeded, '');
    // Killed before it forgot them; kept again now, from the machine.
    await keep(paths, NAME, FOLDERS);
    await another();
    await restoreFolders(host, paths, NAME, {});
    expect(await read('/data')).toBe('brick');
    await forgetPartial(paths, NAME);
    expect(await readdir(base)).toEqual(['labs']);
  });

  it('of the first kglab are found too', async () => {
    await keep(paths, NAME, FOLDERS);
    await writeFile(join(paths.kept, NAME, 'folders.json'), JSON.stringify(FOLDERS));
    expect(await keptFolders(paths)).toMatchObject([{ whole: true }]);
    await another();
    await restoreFolders(host, paths, NAME, {});
    expect(await read('/data')).toBe('brick');
  });
});
