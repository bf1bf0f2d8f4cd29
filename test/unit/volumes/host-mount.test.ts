import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command, ExecOptions } from '../../../src/exec/command.js';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import { findProcess } from '../../../src/exec/host-process.js';
import {
  findMounts,
  hostMounts,
  mountOnHost,
  unmountOnHost,
  type MountPlace,
} from '../../../src/volumes/host-mount.js';
import { ScriptedExecutor, wordsOf } from '../../helpers/scripted-executor.js';
import { failureOf, MemoryFiles } from '../../helpers/step-context.js';

const MACHINES = [
  { name: 'x-node1', state: 'running', address: '10.0.0.1' },
  { name: 'x-node2', state: 'stopped' },
] as const;
const MOUNT = { volume: 'gv0', path: '/mnt/data' };

const UNDO = /^sh undo_mount /;

let host: ScriptedExecutor;
let place: MountPlace & { files: MemoryFiles };

beforeEach(() => {
  host = new ScriptedExecutor('host')
    .on('sh has_client')
    .on(/^sh check_place /)
    .on(/^sh mount_volume /)
    .on(UNDO)
    .on(/^sh unmount /);
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
    host.on(/^sh mount_volume /, async () => {
      before = await hostMounts(place);
      return '';
    });
    await mount();
    expect(before).toEqual([MOUNT]);
  });

  it('is forgotten when it fails, with the reason', async () => {
    host.on(/^sh mount_volume /, { exitCode: 17, stderr: '/mnt/data is not empty' });
    await expect(mount()).rejects.toMatchObject({
      code: 'MOUNT_FAILED',
      details: ['/mnt/data is not empty'],
    });
    expect(await hostMounts(place)).toEqual([]);
  });

  it('touches nothing and notes nothing when the directory is not free', async () => {
    host.on(/^sh check_place /, { exitCode: 1, stderr: '/mnt/data is a mount point already' });
    await expect(mount()).rejects.toMatchObject({
      code: 'MOUNT_FAILED',
      details: ['/mnt/data is a mount point already'],
    });
    expect(await hostMounts(place)).toEqual([]);
    expect(host.calls.map(({ command }) => wordsOf(command))).not.toContainEqual(
      expect.stringMatching(/mount_volume|unmount|undo_mount/),
    );
  });

  it('stays noted when it fails and cannot be undone, and says how to undo it', async () => {
    host
      .on(/^sh mount_volume /, { exitCode: 1, timedOut: true })
      .on(UNDO, { exitCode: 1, stderr: 'not permitted' });
    const failure = (await failureOf(mount())) as AggregateError;
    expect(failure.errors).toMatchObject([
      { code: 'MOUNT_FAILED' },
      {
        code: 'MOUNT_FAILED',
        hint: 'kglab has recorded the mount. Unmount it: kglab umount --force /mnt/data',
      },
    ]);
    expect(await hostMounts(place)).toEqual([MOUNT]);
  });

  it('is not tried while the books are damaged', async () => {
    await place.files.write('/state/x/mounts.json', '[{"vol');
    await expect(mount()).rejects.toMatchObject({
      code: 'RECORD_DAMAGED',
      hint: expect.stringContaining('rm /state/x/mounts.json') as string,
    });
  });

  it('happens once', async () => {
    await mount();
    await expect(mount()).rejects.toThrow('Volume gv0 is already mounted at /mnt/data.');
  });

  it('names the volume that is mounted at the same path', async () => {
    await mount();
    const other = mountOnHost({ ...MOUNT, volume: 'other' }, place, [], ['g1']);
    await expect(other).rejects.toMatchObject({
      message: 'Volume gv0 is already mounted at /mnt/data.',
      hint: 'Unmount this volume first: kglab umount /mnt/data',
    });
  });

  it('needs a client', async () => {
    host.on('sh has_client', { exitCode: 127 });
    await expect(mount()).rejects.toMatchObject({
      code: 'HOST_UNFIT',
      hint: 'Install the client: kglab doctor --fix, or: apt install glusterfs-client',
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
    host.on(/^sh unmount .* -- /, { exitCode: 1, stderr: 'target is busy' });
    await expect(unmountOnHost(MOUNT, place)).rejects.toMatchObject({ code: 'VOLUME_IN_USE' });
    expect(await hostMounts(place)).toEqual([MOUNT]);
    await unmountOnHost(MOUNT, place, { force: true });
    expect(await hostMounts(place)).toEqual([]);
  });
});

describe('the mounts that the kernel has', () => {
  const MOUNTINFO = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 8:1 /mnt/my\\040data /mnt/my\\040data rw shared:9 - ext4 /dev/sda1 rw
41 40 0:50 / /mnt/my\\040data rw shared:10 - fuse.glusterfs x-node2:/gv0 rw,user_id=0
42 22 0:51 / /mnt/hand rw shared:11 - fuse.glusterfs x-node1:/gv0 rw
43 22 0:52 / /mnt/other rw shared:12 - fuse.glusterfs x-node10:/gv0 rw
44 22 0:53 / /mnt/nfs rw shared:13 - nfs x-node1:/gv0 rw
`;

  it('are those of the machines by whole names, and tell who has made them', () => {
    expect(findMounts(MOUNTINFO, ['x-node1', 'x-node2'])).toEqual([
      { volume: 'gv0', path: '/mnt/my data', byKglab: true },
      { volume: 'gv0', path: '/mnt/hand', byKglab: false },
    ]);
    expect(findMounts('', ['x-node1'])).toEqual([]);
  });
});

/** A host with programs of the test's own in front. */
const stubs = async () => {
  const bin = await mkdtemp(join(tmpdir(), 'kglab-mount-'));
  class StubbedHost extends HostExecutor {
    override exec(command: Command, options?: ExecOptions) {
      return super.exec({ ...command, env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } }, options);
    }
  }
  const program = async (name: string, script: string): Promise<void> => {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  };
  return { bin, host: new StubbedHost(), program };
};

describe.skipIf(process.platform !== 'linux')('a mount that is interrupted', () => {
  it('is noted until its client has ended, and leaves neither processes nor an entry', async () => {
    const { bin, host: stubbed, program } = await stubs();
    try {
      await writeFile(join(bin, 'mounts'), '/\n');
      await program('cut', `[ "$2" = / ] && exec /usr/bin/cut "$@"; cat ${bin}/mounts`);
      await program('mount.glusterfs', ':');
      await program('findmnt', 'echo /');
      await program('umount', `sed -i '\\,/data$,d' ${bin}/mounts`);
      await program('unshare', 'while [ "$1" != sh ]; do shift; done; exec "$@"');
      // As mount.glusterfs: its client is a daemon, in a session of its own; it then waits for it.
      const client = `exec -a /usr/sbin/glusterfs "${process.execPath}" -e "setInterval(() => 1, 1000)" gv0 "$0"`;
      await writeFile(join(bin, 'client.sh'), `${client}\n`);
      await program(
        'mount',
        `[ "$1" = -t ] || { [ "$1" != --bind ] || [ "$3" = /etc/hosts ] || echo "$3" >> ${bin}/mounts; exit 0; }
for path; do :; done
setsid bash -c "$(cat ${bin}/client.sh)" "$path" >/dev/null 2>&1 &
echo $! > ${bin}/client.new; echo $$ > ${bin}/helper; mv ${bin}/client.new ${bin}/client
sleep 300`,
      );
      const path = join(bin, 'data');
      const controller = new AbortController();
      const stopped = { ...place, host: stubbed, signal: controller.signal };
      const mounting = failureOf(
        mountOnHost({ volume: 'gv0', path }, stopped, MACHINES, ['x-node1', 'x-node2']),
      );
      const pidIn = async (name: string) => Number(await readFile(join(bin, name), 'utf8'));
      await expect
        .poll(() => readFile(join(bin, 'client'), 'utf8').catch(() => ''), { timeout: 10_000 })
        .not.toBe('');
      const processes = [await pidIn('client'), await pidIn('helper')];
      await expect
        .poll(() => readFile(`/proc/${processes[0]}/cmdline`, 'utf8'), { timeout: 10_000 })
        .toContain('glusterfs');
      expect(await hostMounts(stopped)).toEqual([{ volume: 'gv0', path }]);
      const reason = new DOMException('Interrupted', 'AbortError');
      controller.abort(reason);
      expect(await mounting).toBe(reason);
      for (const pid of processes) expect(await findProcess(pid)).toBeUndefined();
      expect(await readFile(join(bin, 'mounts'), 'utf8')).toBe('/\n');
      expect(await hostMounts(stopped)).toEqual([]);
    } finally {
      await rm(bin, { recursive: true, force: true });
    }
  }, 30_000);
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
