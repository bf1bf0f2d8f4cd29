import { readdir, readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changesOf, type Summary } from '../helpers/summary.js';
import { NOTHING } from './support/host-state.js';
import { isRoot, TestLab } from './support/kglab.js';
import { recordOf, tracesOnHost } from './support/lab-internals.js';

interface StatusJson {
  readonly healthy: boolean;
  readonly nodes: readonly {
    readonly name: string;
    readonly machine?: string;
    readonly kubernetes?: string;
  }[];
}

const NODES = ['node1', 'node2', 'node3'] as const;
const MOUNT = '/opt/local-path-provisioner';

/** Asks the API server from this host, with the lab's kubeconfig. */
const readyz = (kubeconfig: string): Promise<string> => {
  const { clusters, users } = parse(kubeconfig) as {
    clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
    users: [{ user: { 'client-certificate-data': string; 'client-key-data': string } }];
  };
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  const decode = (text: string): Buffer => Buffer.from(text, 'base64');
  const options = { ca: decode(ca), cert: decode(cert), key: decode(key), agent: false };
  return new Promise((resolve, reject) => {
    request(`${server}/readyz`, options, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    })
      .on('error', reject)
      .end();
  });
};

describe.skipIf(!isRoot)('the main job on real machines (skipped without root)', () => {
  let lab: TestLab;
  let beside: TestLab;

  beforeAll(async () => {
    lab = await TestLab.make();
    beside = await TestLab.make('nodes: 1\n');
    await beside.ok('up', '--until', 'mounts');
    await beside.sh('node1', `echo mine > ${MOUNT}/kept`);
  });
  afterAll(async () => {
    await lab.destroy();
    await beside.destroy();
  });

  it('creates machines, volume, cluster and storage, and passes the smoke test', async () => {
    const { changed, steps } = await lab.json<Summary>('up', '--progress', 'lines');
    expect(changed).toBeGreaterThan(20);
    expect(steps.find(({ id }) => id === 'smoke.run')?.outcome).toBe('changed');
  });

  it('has one trusted pool with a different UUID on every machine, and a replica 3 volume', async () => {
    const uuids = await Promise.all(NODES.map((node) => lab.sh(node, 'gluster system:: uuid get')));
    expect(new Set(uuids).size).toBe(3);
    for (const node of NODES) {
      const peers = await lab.sh(node, 'gluster peer status');
      expect(peers.match(/Peer in Cluster \(Connected\)/g)).toHaveLength(2);
    }
    expect(await lab.sh('node1', 'gluster volume info gv0')).toContain('Number of Bricks: 1 x 3 = 3');
  });

  it('shows on every node what one node wrote', async () => {
    await lab.sh('node1', `echo words > ${MOUNT}/shared && sync ${MOUNT}/shared`);
    for (const node of NODES) expect(await lab.sh(node, `cat ${MOUNT}/shared`)).toBe('words');
  });

  it('has exactly one default storage class and no trace of the smoke test', async () => {
    const classes = JSON.parse(await lab.kubectl('get', 'sc', '-o', 'json')) as {
      items: { metadata: { name: string; annotations: Record<string, string> } }[];
    };
    const defaults = classes.items.filter(
      ({ metadata }) => metadata.annotations['storageclass.kubernetes.io/is-default-class'] === 'true',
    );
    expect(defaults.map(({ metadata }) => metadata.name)).toEqual(['local-path']);
    expect(await lab.kubectl('get', 'pv', '-o', 'name')).toBe('');
    expect(await lab.sh('node1', `ls ${MOUNT} | grep -c pvc- || true`)).toBe('0');
  });

  it('reaches the API server from the host with a kubeconfig of mode 0600', async () => {
    const path = (await lab.ok('kubeconfig')).trim();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readyz(await readFile(path, 'utf8'))).toBe('ok');
  });

  it('keeps the k3s token out of command lines, logs and files that other users can read', async () => {
    const state = join(lab.dir, 'state/kglab/labs', lab.name);
    const token = (await readFile(join(state, 'token'), 'utf8')).trim();
    expect((await stat(join(state, 'token'))).mode & 0o777).toBe(0o600);
    const logs = await readdir(join(state, 'logs'));
    expect(logs.length).toBeGreaterThan(0);
    for (const log of logs) expect(await readFile(join(state, 'logs', log), 'utf8')).not.toContain(token);
    for (const node of NODES) {
      // Only the first part of the token: this script is itself on a command line.
      const found = await lab.sh(
        node,
        `grep -rlF '${token.slice(0, 40)}' /etc /usr/local /var/log /run 2>/dev/null | xargs -r stat -c '%a %n'; cat /proc/[0-9]*/cmdline | tr '\\0' ' '`,
      );
      // The script must find itself and the file that k3s reads: that shows that the search works.
      expect(found).toContain('xargs -r stat');
      expect(found).not.toContain(token);
      const files = found.split('\n').filter((line) => /^\d{3,4} \//.test(line));
      expect(files).toContain('600 /etc/rancher/k3s/config.yaml');
      expect(files.filter((line) => !/^\d00 /.test(line))).toEqual([]);
    }
  });

  it('changes nothing in a second `up`, which takes less than 5 s', async () => {
    const durations: number[] = [];
    // The best of up to six runs: other load on the host does not count.
    while (durations.length < 6 && !durations.some((ms) => ms < 5000)) {
      const { stdout, durationMs } = await lab.run('up', '-o', 'json');
      expect(changesOf(JSON.parse(stdout) as Summary)).toEqual([]);
      durations.push(durationMs);
    }
    expect(Math.min(...durations)).toBeLessThan(5000);
  });

  it('refuses writes below the mount point while the volume is not mounted', async () => {
    const attempt = await lab.sh(
      'node3',
      `systemctl stop k3s-agent; umount -l ${MOUNT}; touch ${MOUNT}/stray 2>&1; ls -A ${MOUNT} | wc -l`,
    );
    expect(attempt).toContain('Operation not permitted');
    expect(attempt.trim().split('\n').at(-1)).toBe('0');
    await lab.ok('up');
    expect(await lab.sh('node3', `cat ${MOUNT}/shared`)).toBe('words');
  });

  it('is healthy again by itself after a machine rebooted', async () => {
    const boot = () => lab.sh('node2', 'cat /proc/1/stat | cut -d" " -f22');
    const before = await boot();
    await lab.run('exec', 'node2', '--', 'systemctl', 'reboot');
    await lab.until('node2 is down or up anew', async () => (await boot()) !== before);
    await lab.until(
      'the volume is mounted on node2',
      async () => (await lab.sh('node2', `cat ${MOUNT}/shared`)) === 'words',
    );
    await lab.until(
      'k3s runs on node2',
      async () => (await lab.sh('node2', 'systemctl is-active k3s-agent')) === 'active',
    );
    await lab.until(
      'the lab is healthy',
      async () => (await lab.json<StatusJson>('status')).healthy,
      240_000,
    );
  });

  it('starts a machine after a power cut, and does nothing else', async () => {
    await lab.run('exec', 'node3', '--', 'poweroff', '-ff');
    await lab.until('node3 is seen as stopped', async () => {
      const { nodes } = await lab.json<StatusJson>('status');
      return nodes.find(({ name }) => name === lab.machine('node3'))?.machine === 'stopped';
    });
    const { steps } = await lab.json<Summary>('up');
    const changed = steps.filter(({ outcome }) => outcome === 'changed').map(({ id }) => id);
    expect(changed.filter((id) => id.startsWith('machines.create:'))).toEqual([
      `machines.create:${lab.machine('node3')}`,
    ]);
    for (const id of [`k3s.install:${lab.machine('node3')}`, 'gluster.volume:gv0', 'smoke.run'])
      expect(changed).not.toContain(id);
    await lab.healed();
    await lab.whole();
  });

  it('removes everything it created, and nothing of another lab', async () => {
    const { id } = await recordOf(lab);
    await lab.ok('down', '--yes');
    expect(await tracesOnHost(lab, id)).toEqual(NOTHING);
    const entries = await readdir(lab.dir, { recursive: true, withFileTypes: true });
    expect(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)).toEqual(['lab.yaml']);
    expect(await beside.sh('node1', `cat ${MOUNT}/kept`)).toBe('mine');
    expect(changesOf(await beside.json<Summary>('up', '--until', 'mounts'))).toEqual([]);
  });
});
