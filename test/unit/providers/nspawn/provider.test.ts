import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLab } from '../../../../src/providers/nspawn/records.js';
import { otherNetworks, restoreForwarding } from '../../../../src/providers/nspawn/ip-forward.js';
import { keep } from '../../../../src/providers/nspawn/kept-folders.js';
import { labPaths, type LabPaths } from '../../../../src/providers/nspawn/paths.js';
import { NspawnProvider } from '../../../../src/providers/nspawn/provider.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { ScriptedExecutor } from '../../../helpers/scripted-executor.js';

const NAME = 'demo-node1';

let base = '';
let paths: LabPaths;
let host: ScriptedExecutor;

const provider = (): NspawnProvider =>
  new NspawnProvider({
    ...{ lab: { name: 'demo', id: '1' }, host, clock: new FakeClock(), image: 'default', machines: [NAME] },
    ...{ dataDir: base, cacheDir: join(base, 'cache') },
    network: { subnet: undefined, internet: 'off' },
  });

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'kglab-nspawn-'));
  paths = labPaths(base, 'demo');
  host = new ScriptedExecutor('host')
    .on(/^ip /, '[]')
    .on(/^nft /)
    .on(/^iptables /)
    .on(/^ls /);
  host.on(/^rm /, async ({ args }) => {
    await rm(args.at(-1) ?? '', { recursive: true });
    return '';
  });
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('a machine whose record is lost', () => {
  it.each(['', undefined])(
    'is neither started nor created again, because its data is still there (%j)',
    async (text) => {
      const { dir, record, seeded } = paths.machine(NAME);
      await mkdir(dir, { recursive: true });
      await writeFile(seeded, '');
      if (text !== undefined) await writeFile(record, text);
      expect(await provider().list()).toEqual([{ name: NAME, state: 'unknown' }]);
      const spec = { name: NAME, cpus: 1, memoryMiB: 512, diskGiB: 4, userData: '' };
      for (const attempt of [provider().start(NAME), provider().create(spec)])
        await expect(attempt).rejects.toMatchObject({
          code: 'MACHINE_FAILED',
          hint: expect.stringContaining('kglab rebuild --node demo-node1 --keep-data'),
        });
    },
  );
});

describe('damaged notes', () => {
  it('of whose the lab is keep its machines from being touched', async () => {
    await mkdir(paths.machine(NAME).dir, { recursive: true });
    await writeFile(paths.owner, '{"na');
    const attempts = [
      () => provider().list(),
      () => provider().remove(NAME),
      () => provider().foundation.remove(),
    ];
    for (const attempt of attempts)
      await expect(attempt()).rejects.toMatchObject({
        code: 'RECORD_DAMAGED',
        message: expect.stringContaining(paths.owner) as string,
      });
    await expect(findLab(base, 'demo')).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(await readdir(paths.machines)).toEqual([NAME]);
  });

  it('of what is kept do not let the kept data be removed', async () => {
    await mkdir(paths.machine(NAME).own('data'), { recursive: true });
    const kept = await keep(paths, NAME, ['/data']);
    await writeFile(join(kept, 'folders.json'), '');
    await expect(provider().remove(NAME)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    await rm(paths.machines, { recursive: true });
    await expect(provider().foundation.remove()).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(await readdir(kept)).toContain('0');
  });

  it('of the network do not keep the lab from being removed', async () => {
    await mkdir(paths.dir, { recursive: true });
    await writeFile(paths.network, '{"br');
    await provider().foundation.remove();
    const drop = host.calls.find(({ command }) => command.stdin?.includes('delete table'));
    expect(drop?.command.stdin).toMatch(/delete table ip kglab_demo_/);
  });

  it("of another lab's network leave it its way to the internet", async () => {
    const other = labPaths(base, 'other');
    await mkdir(other.dir, { recursive: true });
    await writeFile(other.network, '{"br');
    await writeFile(join(base, 'ip_forward.before'), '0');
    await restoreForwarding(base, 'demo');
    expect(await readFile(join(base, 'ip_forward.before'), 'utf8')).toBe('0');
    expect(await otherNetworks(base, 'demo')).toEqual([]);
  });
});

describe('what runs that were cut short left', () => {
  it('is listed, and gone after the cleanup; what was kept whole stays', async () => {
    await mkdir(join(paths.gone, `${NAME}.0a1b2c3d`), { recursive: true });
    for (const name of ['demo-node2', 'demo-node3']) {
      await mkdir(paths.machine(name).own('data'), { recursive: true });
      await keep(paths, name, ['/data']);
      await rm(paths.machine(name).dir, { recursive: true });
    }
    const partial = join(paths.kept, 'demo-node3');
    await writeFile(join(partial, 'folders.json'), JSON.stringify({ folders: ['/data'], whole: false }));
    const whole = { kind: 'kept data', what: join(paths.kept, 'demo-node2') };
    expect(await provider().abilities.traces()).toEqual([
      whole,
      { kind: 'directory', what: partial },
      { kind: 'directory', what: join(paths.gone, `${NAME}.0a1b2c3d`) },
      { kind: 'directory', what: paths.dir },
    ]);
    await provider().foundation.remove();
    expect(await provider().abilities.traces()).toEqual([whole]);
    expect(await readdir(join(base, 'labs'))).toEqual([]);
  });
});
