import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../../src/exec/command.js';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import { hostMounts, mountOnHost, unmountOnHost, type MountPlace } from '../../../src/volumes/host-mount.js';
import { ScriptedExecutor } from '../../helpers/scripted-executor.js';
import { MemoryFiles } from '../../helpers/step-context.js';

const MACHINES = [
  { name: 'x-node1', state: 'running', address: '10.0.0.1' },
  { name: 'x-node2', state: 'stopped' },
] as const;
const MOUNT = { volume: 'gv0', path: '/mnt/data' };

let host: ScriptedExecutor;
let place: MountPlace & { files: MemoryFiles };

beforeEach(() => {
  host = new ScriptedExecutor('host')
    .on(/command -v/)
    .on(/unshare -m/)
    .on(/^sh -c \nwhile /);
  place = { host, files: new MemoryFiles(), dir: '/state/x', signal: new AbortController().signal };
});

const mount = () => mountOnHost(MOUNT, place, MACHINES, ['x-node1', 'x-node2']);

describe('mounting', () => {
  it('lets the client know the names of machines, and nobody else', async () => {
    await mount();
    expect(place.files.texts.get('/state/x/hosts-gv0')).toBe('127.0.0.1 localhost\n10.0.0.1 x-node1\n');
    expect(await hostMounts(place)).toEqual([MOUNT]);
  });

  it('is in the ledger before it is made', async () => {
    let before: unknown;
    host.on(/unshare -m/, async () => {
      before = await hostMounts(place);
      return '';
    });
    await mount();
    expect(before).toEqual([MOUNT]);
  });

  it('is forgotten when it fails, with the reason', async () => {
    host.on(/unshare -m/, { exitCode: 17, stderr: '/mnt/data is not empty' });
    await expect(mount()).rejects.toMatchObject({
      code: 'MOUNT_FAILED',
      details: ['/mnt/data is not empty'],
    });
    expect(await hostMounts(place)).toEqual([]);
  });

  it('happens once', async () => {
    await mount();
    await expect(mount()).rejects.toThrow('gv0 is mounted by kglab already, at /mnt/data.');
  });

  it('needs a client', async () => {
    host.on(/command -v/, { exitCode: 127 });
    await expect(mount()).rejects.toMatchObject({
      code: 'HOST_UNFIT',
      hint: 'Install it: kglab doctor --fix, or apt install glusterfs-client',
    });
    expect(place.files.texts.size).toBe(0);
  });
});

describe('unmounting', () => {
  it('forgets the mount, and only that one', async () => {
    await mount();
    await place.files.write('/state/x/mounts.json', JSON.stringify([MOUNT, { volume: 'b', path: '/mnt/b' }]));
    await unmountOnHost(MOUNT, place);
    expect(await hostMounts(place)).toEqual([{ volume: 'b', path: '/mnt/b' }]);
  });

  it('leaves one that is in use, unless it is forced', async () => {
    await mount();
    host.on(/^sh -c \nwhile [^]* -- /, { exitCode: 1, stderr: 'target is busy' });
    await expect(unmountOnHost(MOUNT, place)).rejects.toMatchObject({ code: 'VOLUME_IN_USE' });
    expect(await hostMounts(place)).toEqual([MOUNT]);
    await unmountOnHost(MOUNT, place, { force: true });
    expect(await hostMounts(place)).toEqual([]);
  });
});

describe('a mount whose client is dead', () => {
  /** As the kernel writes `/mnt/my data` into mountinfo. */
  const LISTED = '/mnt/my\\040data';
  const DEAD = { volume: 'gv0', path: '/mnt/my data' };
  let bin = '';

  /** The host, with programs of the test's own in front. */
  class StubbedHost extends HostExecutor {
    override exec(command: Command) {
      return super.exec({ ...command, env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
    }
  }
  const program = async (name: string, script: string): Promise<void> => {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  };

  beforeEach(async () => {
    bin = await mkdtemp(join(tmpdir(), 'kglab-umount-'));
    await writeFile(join(bin, 'mounts'), `/\n${LISTED}\n${LISTED}\n/mnt/my\n`);
    // It cannot be looked at: the answer of the kernel is ENOTCONN.
    await program('mountpoint', 'exit 1');
    await program('cut', `cat ${bin}/mounts`);
    await program('rmdir', 'exit 1');
  });
  afterEach(() => rm(bin, { recursive: true, force: true }));

  it('is unmounted, both layers of it', async () => {
    await program('umount', `echo "$*" >> ${bin}/done; sed -i '2d' ${bin}/mounts`);
    await unmountOnHost(DEAD, { ...place, host: new StubbedHost() }, { force: true });
    expect(await readFile(join(bin, 'done'), 'utf8')).toBe('-l /mnt/my data\n-l /mnt/my data\n');
    expect(await readFile(join(bin, 'mounts'), 'utf8')).toBe('/\n/mnt/my\n');
  });

  it('is not forgotten when it stays', async () => {
    await program('umount', 'exit 32');
    await place.files.write('/state/x/mounts.json', JSON.stringify([DEAD]));
    const stubbed = { ...place, host: new StubbedHost() };
    await expect(unmountOnHost(DEAD, stubbed)).rejects.toMatchObject({ code: 'VOLUME_IN_USE' });
    expect(await hostMounts(place)).toEqual([DEAD]);
  });
});
