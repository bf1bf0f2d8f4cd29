import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRoot, TestLab } from './support/kglab.js';
import {
  apply,
  busyboxOf,
  claim,
  deployment,
  namespace,
  newCluster,
  pod,
  ready,
  serviceAccount,
  writes,
} from './support/workloads.js';

const NODES = ['node1', 'node2', 'node3'] as const;
const MOUNT = '/opt/local-path-provisioner';

/** A fast and a large volume, each with a class, and a dedicated class. */
const YAML = `
gluster:
  volumes:
    - {name: gv0, profile: database}
    - {name: archive}
storage:
  classes:
    - {name: local-path, default: true}
    - {name: ssd}
    - {name: hdd, volume: archive}
    - {name: own, volume: archive, mode: dedicated}
`;

interface Listed {
  readonly volumes: readonly {
    readonly pv: string;
    readonly claim: string;
    readonly directory: string;
    readonly bytes: number;
    readonly heal: string;
  }[];
}

describe.skipIf(!isRoot)('work with claims and volumes on real machines (skipped without root)', () => {
  let lab: TestLab;
  let image: string;
  const podsOf = async (app: string, space = 'default'): Promise<{ name: string; node: string }[]> => {
    const text = await lab.kubectl(
      ...['-n', space, 'get', 'pods', '-l', `app=${app}`, '--field-selector=status.phase=Running'],
      ...[
        '-o',
        'jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {.metadata.deletionTimestamp}{"\\n"}{end}',
      ],
    );
    return text.split('\n').flatMap((line) => {
      const [, name = '', node = ''] = /^(\S+) (\S+) $/.exec(line) ?? [];
      return name === '' ? [] : [{ name, node }];
    });
  };
  const podOf = async (app: string, space?: string): Promise<{ name: string; node: string }> =>
    (await podsOf(app, space))[0] ?? { name: '', node: '' };

  const written = (file: string): Promise<void> =>
    lab.until(`${file} is written`, async () => (await lab.run('volumes', 'cat', file)).exitCode === 0);

  beforeAll(async () => {
    lab = await TestLab.make(YAML);
    await lab.ok('up');
    image = await busyboxOf(lab);
  });
  afterAll(() => lab.destroy());

  it('shows the file that a pod wrote in its claim on the host, too', async () => {
    await apply(lab, namespace('pvtest'));
    await serviceAccount(lab, 'pvtest');
    await apply(
      lab,
      claim('local-path-pvc', { namespace: 'pvtest', class: 'local-path', size: '128Mi' }),
      pod('blox', { namespace: 'pvtest', image, claim: 'local-path-pvc' }),
    );
    await ready(lab, '-n', 'pvtest', 'blox');
    const inPod = (script: string): Promise<string> =>
      lab.kubectl('-n', 'pvtest', 'exec', 'blox', '--', 'sh', '-c', script);
    expect(await inPod('df /data')).toContain(':/gv0');
    await inPod('echo TEST123 > /data/blox-test.txt && sync');

    const find = async (): Promise<Listed['volumes'][number] | undefined> =>
      (await lab.json<Listed>('volumes')).volumes.find((one) => one.claim === 'pvtest/local-path-pvc');
    const listed = await lab.found('it is healed', async () => {
      const row = await find();
      return row?.heal === 'clean' ? row : undefined;
    });
    expect(listed).toMatchObject({
      class: 'local-path',
      phase: 'Bound',
      requested: '128Mi',
      volume: 'gv0',
    });
    expect(listed.directory).toBe(`${MOUNT}/${listed.pv}_pvtest_local-path-pvc`);
    expect(await lab.ok('volumes', 'cat', 'pvtest/local-path-pvc:blox-test.txt')).toBe('TEST123');

    const here = join(lab.dir, 'glusterfs-data');
    await lab.ok('mount', here);
    const hosts = await readFile('/etc/hosts', 'utf8');
    const file = join(here, `${listed.pv}_pvtest_local-path-pvc/blox-test.txt`);
    expect(await readFile(file, 'utf8')).toBe('TEST123\n');
    await writeFile(join(here, `${listed.pv}_pvtest_local-path-pvc/from-host.txt`), 'HOST\n');
    expect(await inPod('cat /data/from-host.txt')).toBe('HOST');
    expect(hosts).not.toContain(lab.machine('node1'));
    await lab.ok('umount', here);
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(here);
  });

  it('gives a claim without class the default class, and a restarted pod its data on the same node', async () => {
    await apply(
      lab,
      claim('restarted'),
      deployment('restarted', {
        image,
        claim: 'restarted',
        node: lab.machine('node2'),
        run: 'date >> /data/starts; sleep 1000000',
      }),
    );
    await lab.until('the first pod runs', async () => (await podOf('restarted')).name !== '');
    const first = await podOf('restarted');
    await written('restarted:starts');
    await lab.kubectl('delete', 'pod', first.name);
    await lab.until(
      'a second pod runs',
      async () => !['', first.name].includes((await podOf('restarted')).name),
    );
    await lab.until(
      'both have written',
      async () => (await lab.ok('volumes', 'cat', 'restarted:starts')).split('\n').length === 2,
    );
  });

  it('gives a drained pod its data on another node', async () => {
    await apply(
      lab,
      claim('mobile', { mode: 'ReadWriteMany' }),
      deployment('mobile', { image, claim: 'mobile', run: 'echo "$HOSTNAME" >> /data/who; sleep 1000000' }),
    );
    await lab.until('the pod runs', async () => (await podOf('mobile')).name !== '');
    const before = await podOf('mobile');
    await written('mobile:who');
    // The scheduler may place the next pod on the node before it knows of the drain.
    await lab.until('it runs elsewhere', async () => {
      const options = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=60s'];
      await lab.kubectl('drain', before.node, ...options);
      return !['', before.node].includes((await podOf('mobile')).node);
    });
    await lab.kubectl('uncordon', before.node);
    const after = await podOf('mobile');
    await lab.until('both have written', async () => {
      const who = (await lab.ok('volumes', 'cat', 'mobile:who')).split('\n');
      return who[0] === before.name && who.at(-1) === after.name;
    });
  });

  it('copies data of the host into a claim', async () => {
    const data = join(lab.dir, 'data');
    await mkdir(join(data, 'deep'), { recursive: true });
    await writeFile(join(data, 'deep/words.txt'), 'brought along\n');
    await writeFile(join(data, 'odd name'), 'x');
    await lab.ok('volumes', 'cp', `${data}/.`, 'default/mobile:brought');
    const { name } = await podOf('mobile');
    expect(await lab.kubectl('exec', name, '--', 'cat', '/data/brought/deep/words.txt')).toBe(
      'brought along',
    );
    expect(await lab.ok('volumes', 'ls', 'mobile:brought')).toContain('odd name');
    await lab.ok('volumes', 'cp', 'mobile:brought', join(lab.dir, 'back'));
    expect(await readFile(join(lab.dir, 'back/deep/words.txt'), 'utf8')).toBe('brought along\n');
  });

  it('shares a static PV of class manual between three pods', async () => {
    await lab.ok(
      'volumes',
      'create-static',
      'app-pvolume',
      '--claim',
      'default/app-pvclaim',
      '--size',
      '5Gi',
    );
    // At irregular times: pods that write in lockstep leave the same name in the file for minutes.
    const run = 'while sleep 0.$((RANDOM % 9 + 1)); do hostname > /data/last_access.txt; done';
    await apply(
      lab,
      deployment('randomizer', { image, claim: 'app-pvclaim', replicas: 3, strategy: 'RollingUpdate', run }),
    );
    const first = await lab.found('three pods run', async () => {
      const names = (await podsOf('randomizer')).map(({ name }) => name);
      return names.length === 3 ? names : undefined;
    });
    const [name = ''] = first;
    // The file is empty for a moment while a pod writes.
    const read = async (from: string): Promise<string | undefined> =>
      /^randomizer-\S+$/.exec(await lab.kubectl('exec', from, '--', 'cat', '/data/last_access.txt'))?.[0];
    const writers = new Set<string>();
    await lab.until('the file has names of several pods', async () => {
      const writer = await read(name);
      if (writer !== undefined) writers.add(writer);
      return writers.size > 1;
    });
    await lab.kubectl('delete', 'pod', name);
    await lab.until('the next pod reads it', async () => {
      const next = (await podsOf('randomizer')).find((one) => !first.includes(one.name));
      return next !== undefined && (await read(next.name)) !== undefined;
    });
    await lab.kubectl('scale', 'deployment/randomizer', '--replicas=0');
  });

  it('runs a database on a static PV, and on the fast one of two classes', async () => {
    const mysqlVolume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'mysql-pv' },
      spec: {
        storageClassName: 'manual',
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '10Gi' },
        hostPath: { path: `${MOUNT}/mysql-pv/` },
      },
    };
    const run = 'while sleep 0.3; do hostname >> /data/ibdata1; sync; done';
    const one = { namespace: 'mysql', image, run };
    await lab.sh('node1', `mkdir -p ${MOUNT}/mysql-pv`);
    await apply(
      lab,
      namespace('mysql'),
      mysqlVolume,
      claim('mysql-manual', { namespace: 'mysql', class: 'manual', size: '3Gi' }),
      claim('mysql-ssd', { namespace: 'mysql', class: 'ssd', size: '20Gi' }),
      claim('mysql-hdd', { namespace: 'mysql', class: 'hdd', size: '20Gi' }),
      ...['manual', 'ssd', 'hdd'].map((tier) =>
        deployment(`mysql-${tier}`, { ...one, claim: `mysql-${tier}` }),
      ),
    );
    for (const tier of ['manual', 'ssd', 'hdd']) {
      const app = `mysql-${tier}`;
      await lab.kubectl('-n', 'mysql', 'rollout', 'status', `deployment/${app}`, '--timeout=90s');
      const { name: first } = await podOf(app, 'mysql');
      expect(first).not.toBe('');
      const writers = async (): Promise<string[]> =>
        (await lab.ok('volumes', 'cat', `mysql/${app}:ibdata1`)).split('\n');
      await lab.until(`${app} writes`, async () => (await writers()).includes(first));
      await lab.kubectl('-n', 'mysql', 'delete', 'pod', '-l', `app=${app}`);
      await lab.until(`${app} writes on`, async () => {
        const { name: next } = await podOf(app, 'mysql');
        const names = await writers();
        return next !== first && names.includes(first) && names.includes(next);
      });
      await lab.kubectl('-n', 'mysql', 'scale', `deployment/${app}`, '--replicas=0');
    }
    const { volumes } = await lab.json<Listed>('volumes');
    const places = volumes
      .filter((one) => one.claim.startsWith('mysql/'))
      .map((one) => [one.claim, one.directory]);
    expect(Object.fromEntries(places)).toEqual({
      'mysql/mysql-manual': `${MOUNT}/mysql-pv/`,
      'mysql/mysql-ssd': expect.stringMatching(`^${MOUNT}/pvc-`) as string,
      'mysql/mysql-hdd': expect.stringMatching(`^${MOUNT}-archive/pvc-`) as string,
    });
  });

  it('gives a claim of a dedicated class its own Gluster volume', async () => {
    await apply(
      lab,
      claim('heketi', { class: 'own' }),
      pod('heketi', { image, claim: 'heketi', run: writes('own') }),
    );
    await ready(lab, 'heketi');
    const pv = await lab.kubectl('get', 'pvc', 'heketi', '-o', 'jsonpath={.spec.volumeName}');
    expect(await lab.sh('node1', 'gluster volume list')).toContain(pv);
    expect(await lab.kubectl('exec', 'heketi', '--', 'df', '/data')).toContain(`:/${pv}`);
    await lab.kubectl('delete', 'pod/heketi', 'pvc/heketi');
    await lab.until('it is stopped', async () =>
      (await lab.sh('node1', `gluster volume info ${pv}`)).includes('Status: Stopped'),
    );
    await lab.until(
      'it is no volume of the cluster',
      async () => !(await lab.kubectl('get', 'pv')).includes(pv),
    );
    await lab.ok('volumes', 'purge', 'heketi', '--yes');
    expect(await lab.sh('node1', 'gluster volume list')).not.toContain(pv);
    const left = `ls -A /data/brick/.claims; grep -c ${pv} /proc/self/mounts || true`;
    for (const node of NODES)
      await lab.until(`nothing of it is left on ${node}`, async () => (await lab.sh(node, left)) === '0');
  });

  it('restores all claims and data in a new cluster', async () => {
    const { volumes: before } = await lab.json<Listed>('volumes');
    const proof = join(lab.dir, 'proof.json');
    await lab.kubectl('delete', 'deployment', '--all');
    // Already gone if it ran on the drained node: no controller creates a bare pod again.
    await lab.kubectl('-n', 'pvtest', 'delete', 'pod', 'blox', '--ignore-not-found');
    const quiet = ['default', 'mysql', 'pvtest'].map((space) =>
      lab.until(
        `nothing writes in ${space}`,
        async () => (await lab.kubectl('-n', space, 'get', 'pods', '-o', 'name')) === '',
      ),
    );
    await Promise.all(quiet);
    await lab.ok('volumes', 'export', '--checksums', '--to', proof);
    await newCluster(lab);
    expect(await lab.kubectl('get', 'pv', '-o', 'name')).toBe('');
    expect(await lab.ok('volumes', 'restore', '--all', '--verify', proof)).toContain(
      `identical: ${before.length} PVs`,
    );
    // The owners' manifests still match, and can be applied again.
    await apply(
      lab,
      claim('mysql-manual', { namespace: 'mysql', class: 'manual', size: '3Gi' }),
      claim('local-path-pvc', { namespace: 'pvtest', class: 'local-path', size: '128Mi' }),
    );
    await serviceAccount(lab, 'pvtest');
    await apply(lab, pod('blox', { namespace: 'pvtest', image, claim: 'local-path-pvc' }));
    await ready(lab, '-n', 'pvtest', 'blox');
    expect(await lab.kubectl('-n', 'pvtest', 'exec', 'blox', '--', 'cat', '/data/blox-test.txt')).toBe(
      'TEST123',
    );
    const { volumes: after } = await lab.json<Listed>('volumes');
    const shapes = (all: Listed['volumes']): string[] =>
      all.map(({ claim: id, pv, directory }) => `${id} ${pv} ${directory}`).sort();
    expect(shapes(after)).toEqual(shapes(before));
  });
});
