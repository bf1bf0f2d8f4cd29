import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command, CommandResult, ExecOptions } from '../../../../src/exec/command.js';
import { HostExecutor } from '../../../../src/exec/host-executor.js';
import { keep } from '../../../../src/providers/nspawn/kept-folders.js';
import { MachineStore } from '../../../../src/providers/nspawn/machine-store.js';
import { labPaths, type LabPaths } from '../../../../src/providers/nspawn/paths.js';

const NAME = 'demo-node1';
const SPEC = { name: NAME, cpus: 1, memoryMiB: 512, diskGiB: 4, userData: '#cloud-config\n' };
const NETWORK = {
  ...{ bridge: 'kg-demo', table: 'kglab_demo', subnet: '10.77.0.0/24' },
  ...{ internet: false, firewall: false },
};

/** The host, on which kglab is killed when it comes to a command of that name. */
class DyingHost extends HostExecutor {
  constructor(private readonly at: string) {
    super();
  }

  override exec(command: Command, options?: ExecOptions): Promise<CommandResult> {
    if (command.file === this.at) return Promise.reject(new Error('killed'));
    return super.exec(command, options);
  }
}

let base = '';
let paths: LabPaths;
const store = (host = new HostExecutor()): MachineStore =>
  new MachineStore({ lab: { name: 'demo', id: '1' }, machines: [NAME, 'demo-node1x'] }, host, paths);

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'kglab-store-'));
  paths = labPaths(base, 'demo');
  await store().create(SPEC, '/image', NETWORK);
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('a removal that was cut short', () => {
  const cut = (): Promise<void> => store(new DyingHost('rm')).discard(NAME, {});

  it('leaves no machine, only a folder to be removed', async () => {
    await expect(cut()).rejects.toThrow('killed');
    expect(await store().names()).toEqual([]);
    expect(await store().isComplete(NAME)).toBe(false);
    expect(await store().gone()).toEqual([expect.stringMatching(/\/gone\/demo-node1\.[0-9a-f]{8}$/)]);
  });

  it('is finished by the next one, while others stay', async () => {
    await expect(cut()).rejects.toThrow('killed');
    await store().create({ ...SPEC, name: 'demo-node1x' }, '/image', NETWORK);
    await expect(store(new DyingHost('rm')).discard('demo-node1x', {})).rejects.toThrow('killed');
    await store().sweep({}, NAME);
    expect((await store().gone()).map((dir) => basename(dir).split('.')[0])).toEqual(['demo-node1x']);
    await store().sweep({});
    expect(await readdir(paths.dir)).toEqual(['machines']);
  });

  it('does not disturb the next machine of that name', async () => {
    await expect(cut()).rejects.toThrow('killed');
    await store().create(SPEC, '/image', NETWORK);
    await store().discard(NAME, {});
    expect(await store().gone()).toEqual([]);
    expect(await readdir(paths.machines)).toEqual([]);
  });
});

describe('removals side by side', () => {
  it('keep the common folder while others may move into it', async () => {
    await store().discard(NAME, {});
    // Another removal may have made sure of it, and is about to move its machine there.
    expect(await readdir(paths.dir)).toContain('gone');
    await store().sweep({});
    expect(await readdir(paths.dir)).toEqual(['machines']);
  });
});

describe('a machine whose data is being kept', () => {
  it('is created again with all of it after an interruption', async () => {
    const { upper, seeded } = paths.machine(NAME);
    await mkdir(join(upper, 'bricks'));
    await writeFile(join(upper, 'bricks/file'), 'brick');
    await keep(paths, NAME, ['/bricks', '/data']);
    // As it was before the first move.
    await rename(join(paths.kept, NAME, '0'), join(upper, 'bricks'));
    expect(await store().isComplete(NAME)).toBe(false);
    await store().create(SPEC, '/image', NETWORK);
    expect(await readFile(join(upper, 'bricks/file'), 'utf8')).toBe('brick');
    expect(await readFile(seeded, 'utf8')).toBe('');
    expect(await readdir(base)).toEqual(['labs']);
  });
});

describe('a neighbour whose record is damaged', () => {
  it('does not lose its address to another machine', async () => {
    await writeFile(paths.machine(NAME).record, '{"na');
    await expect(store().create({ ...SPEC, name: 'demo-node2' }, '/image', NETWORK)).rejects.toMatchObject({
      code: 'RECORD_DAMAGED',
      hint: expect.stringContaining(`kglab rebuild --node ${NAME} --keep-data`) as string,
    });
    expect(await store().create(SPEC, '/image', NETWORK)).toMatchObject({ address: '10.77.0.11' });
  });
});
