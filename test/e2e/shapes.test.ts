import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Summary } from '../helpers/summary.js';
import { isRoot, TestLab } from './support/kglab.js';

const MOUNT = '/opt/local-path-provisioner';

describe.skipIf(!isRoot)('a lab with separate storage machines (skipped without root)', () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await TestLab.make(`
nodes:
  - {name: server, roles: [server]}
  - {name: agent, roles: [agent]}
  - {name: s1, roles: [storage]}
  - {name: s2, roles: [storage]}
  - {name: s3, roles: [storage]}
`);
  });
  afterAll(() => lab.destroy());

  it('passes the smoke test', async () => {
    const { steps } = await lab.json<Summary>('up', '--progress', 'lines');
    expect(steps.find(({ id }) => id === 'smoke.run')?.outcome).toBe('changed');
  });

  it('has bricks only on the storage machines, and k3s only on the others', async () => {
    const info = await lab.sh('s1', 'gluster volume info gv0');
    expect(info.match(/^Brick\d+: (\S+):/gm)).toEqual(
      ['s1', 's2', 's3'].map((node, index) => `Brick${index + 1}: ${lab.machine(node)}:`),
    );
    for (const node of ['s1', 's2', 's3'])
      expect(await lab.sh(node, 'ls /usr/local/bin')).not.toContain('k3s');
    for (const node of ['server', 'agent']) {
      expect(await lab.sh(node, `findmnt -no FSTYPE ${MOUNT}`)).toBe('fuse.glusterfs');
      expect(await lab.sh(node, 'systemctl is-active glusterd || true')).not.toBe('active');
    }
  });

  it('reads and writes while the storage machine that it mounted from is down', async () => {
    await lab.run('exec', 's1', '--', 'poweroff', '-ff');
    await lab.until('the mount answers', async () => {
      await lab.sh('agent', `echo still > ${MOUNT}/file`);
      return (await lab.sh('server', `cat ${MOUNT}/file`)) === 'still';
    });
    await lab.sh('agent', `systemctl stop k3s-agent && umount ${MOUNT}`);
    // The first start may meet the volume during its ping timeout; then systemd starts k3s again.
    await lab.sh('agent', 'systemctl start k3s-agent || true');
    await lab.until(
      'k3s runs on the volume again',
      async () =>
        (await lab.sh('agent', `systemctl is-active k3s-agent && cat ${MOUNT}/file`)) === 'active\nstill',
    );
  });
});

describe.skipIf(!isRoot)('an arbiter volume (skipped without root)', () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await TestLab.make('gluster: {type: arbiter}\n');
  });
  afterAll(() => lab.destroy());

  it('has two data bricks and an arbiter brick with names only', async () => {
    await lab.ok('up', '--until', 'mounts');
    expect(await lab.sh('node1', 'gluster volume info gv0')).toContain('Number of Bricks: 1 x (2 + 1) = 3');
    await lab.sh('node1', `echo data > ${MOUNT}/file`);
    const sizes = (): Promise<string[]> =>
      Promise.all(['node1', 'node2', 'node3'].map((node) => lab.sh(node, 'stat -c %s /data/brick/gv0/file')));
    await lab.until('both data bricks have the content', async () => (await sizes()).join() === '5,5,0');
  });
});
