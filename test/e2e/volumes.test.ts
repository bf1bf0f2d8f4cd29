import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRoot, type Ran, TestLab } from './support/kglab.js';
import { apply, busyboxOf, claim, newCluster, pod, ready, writes } from './support/workloads.js';

const NODES = ['node1', 'node2', 'node3'] as const;
const MOUNT = '/opt/local-path-provisioner';
const FAST = `${MOUNT}-fast`;

const yaml = ({ volumes = '', classes = '' } = {}): string => `
gluster:
  volumes:
    - {name: gv0, quota: true}
    - {name: fast, profile: database}
    - {name: thin, type: disperse}
${volumes}
storage:
  classes:
    - {name: sized, default: true}
    - {name: keep, volume: fast, reclaim: Retain}
    - {name: stock, volume: fast, mode: pinned}
    - {name: bulk, volume: fast, binding: Immediate}
    - {name: thin, volume: thin, binding: Immediate}
    - {name: own, mode: dedicated}
${classes}
`;

interface Listing {
  readonly volumes: readonly {
    readonly pv: string;
    readonly claim: string;
    readonly class: string;
    readonly requested: string;
    readonly bytes: number;
    readonly heal: string;
  }[];
  readonly orphans: {
    readonly withoutClaim: readonly string[];
    readonly withoutPod: readonly string[];
    readonly withoutDirectory: readonly string[];
    readonly directories: readonly { readonly path: string }[];
  };
  readonly quarantine: readonly { readonly name: string }[];
}

const NOTHING = { withoutClaim: [], withoutPod: [], withoutDirectory: [], directories: [] };

describe.skipIf(!isRoot)('PVs, quota and restore on real machines (skipped without root)', () => {
  let lab: TestLab;
  let image: string;
  const listing = (): Promise<Listing> => lab.json<Listing>('volumes');
  const volumeOf = (name: string): Promise<string> =>
    lab.kubectl('get', 'pvc', name, '-o', 'jsonpath={.spec.volumeName}');
  const gone = (pv: string): Promise<void> =>
    lab.until(`${pv} is gone`, async () => !(await lab.kubectl('get', 'pv', '-o', 'name')).includes(pv));

  beforeAll(async () => {
    lab = await TestLab.make(yaml());
    await lab.ok('up');
    image = await busyboxOf(lab);
  });
  afterAll(() => lab.destroy());

  it('creates volumes with the types and options of the lab file', async () => {
    const info = await lab.sh('node1', 'gluster volume info');
    expect(info).toContain('performance.write-behind: off');
    expect(info).toContain('Type: Disperse');
    expect(info).toContain('features.quota: on');
    const { changed } = await lab.json<{ changed: number }>('up');
    expect(changed).toBe(0);
  });

  it('enforces a quota: df shows the size, and the pod cannot write more', async () => {
    await apply(lab, claim('sized', { size: '16Mi' }), pod('sized', { image, claim: 'sized' }));
    await ready(lab, 'sized');
    expect(await lab.kubectl('exec', 'sized', '--', 'df', '-h', '/data')).toContain('16.0M');
    const fill = (mebibytes: number): Promise<Ran> =>
      lab.run(
        ...['kubectl', '--', 'exec', 'sized', '--'],
        ...['dd', 'if=/dev/zero', 'of=/data/big', 'bs=1M', `count=${mebibytes}`],
      );
    // Gluster counts writes in the background: a fast writer can exceed the limit a little.
    const over = await fill(512);
    expect(over).toMatchObject({ stderr: expect.stringMatching(/quota exceeded/i) as string });
    expect(over.exitCode).not.toBe(0);
    // Bricks reach the limit at different bytes; self-heal levels them in the background.
    const sized = await lab.found('it is healed', async () =>
      (await listing()).volumes.find((one) => one.claim === 'default/sized' && one.heal === 'clean'),
    );
    expect(sized).toMatchObject({ class: 'sized', requested: '16Mi' });
    expect(sized.bytes).toBeGreaterThan(10 * 1024 ** 2);
    await lab.ok('volumes', 'limit', 'sized', '64Mi');
    await lab.until('more is allowed', async () => (await fill(40)).exitCode === 0);
    const pv = await volumeOf('sized');
    await lab.kubectl('delete', 'pod/sized', 'pvc/sized');
    await gone(pv);
  });

  it('refuses a limit on a volume without quota', async () => {
    await apply(lab, claim('free', { class: 'bulk' }));
    await lab.until('it is bound', async () => (await volumeOf('free')) !== '');
    expect(await lab.run('volumes', 'limit', 'free', '1Gi')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('has no quota') as string,
    });
    const pv = await volumeOf('free');
    await lab.kubectl('delete', 'pvc', 'free');
    await gone(pv);
  });

  it('pins a claim of a pinned class to a node; lint refuses ReadWriteMany in it', async () => {
    await apply(
      lab,
      claim('mine', { class: 'stock' }),
      pod('mine', { image, claim: 'mine', node: lab.machine('node2') }),
    );
    await ready(lab, 'mine');
    const pv = await volumeOf('mine');
    const affinity = await lab.kubectl('get', 'pv', pv, '-o', 'jsonpath={.spec.nodeAffinity}');
    expect(affinity).toContain(lab.machine('node2'));
    await apply(
      lab,
      claim('ours', { class: 'stock', mode: 'ReadWriteMany' }),
      pod('ours', { image, claim: 'ours' }),
    );
    const lint = await lab.run('volumes', 'lint');
    expect(lint.stdout).toMatch(
      /^default\/ours: class stock is pinned to a node, which rules out ReadWriteMany/,
    );
    expect(lint.exitCode).not.toBe(0);
    await lab.kubectl('delete', 'pod/mine', 'pod/ours', 'pvc/mine', 'pvc/ours');
    await gone(pv);
  });

  it('undoes the deletion of a dedicated claim', async () => {
    await apply(lab, claim('own', { class: 'own' }), pod('own', { image, claim: 'own', run: writes('own') }));
    await ready(lab, 'own');
    const pv = await volumeOf('own');
    await lab.until('it is written', async () => (await lab.ok('volumes', 'cat', 'own:f')) === 'own');
    await lab.kubectl('delete', 'pod/own', 'pvc/own');
    await gone(pv);
    expect((await lab.run('volumes', 'cat', 'own:f')).exitCode).not.toBe(0);
    await lab.ok('volumes', 'undo', 'own');
    await lab.until('it is mounted', async () => (await lab.ok('volumes', 'cat', 'own:f')) === 'own');
    await lab.ok('volumes', 'delete', 'own', '--yes');
    await lab.ok('volumes', 'purge', 'own', '--yes');
    expect(await lab.sh('node1', 'gluster volume list')).not.toContain(pv);
  });

  it('undoes the deletion of a claim until it is purged', async () => {
    await apply(
      lab,
      claim('dear', { class: 'bulk' }),
      pod('dear', { image, claim: 'dear', run: writes('1') }),
    );
    await ready(lab, 'dear');
    const pv = await volumeOf('dear');
    await lab.until('it is written', async () => (await lab.ok('volumes', 'cat', 'dear:f')) === '1');
    expect((await lab.run('volumes', 'delete', 'dear', '--yes')).stderr).toContain(
      'Pods use claim default/dear: dear.',
    );
    await lab.kubectl('delete', 'pod/dear', 'pvc/dear');
    await gone(pv);
    await lab.ok('volumes', 'undo', 'dear');
    expect(await volumeOf('dear')).toBe(pv);
    expect(await lab.ok('volumes', 'cat', 'dear:f')).toBe('1');
    await lab.ok('volumes', 'delete', 'dear', '--yes');
    await apply(lab, claim('dear', { class: 'bulk' }));
    expect(await lab.run('volumes', 'undo', 'dear')).toMatchObject({
      exitCode: 73,
      stderr: expect.stringContaining('There is a new claim default/dear') as string,
    });
    await lab.until('the new one is bound', async () => (await volumeOf('dear')) !== '');
    const another = await volumeOf('dear');
    await lab.kubectl('delete', 'pvc', 'dear');
    await gone(another);
    await lab.ok('volumes', 'purge', '--all', '--yes');
    expect(await lab.ok('volumes', 'quarantine')).toBe('The quarantine is empty.');
  });

  it('lists PVs without claim, pod or directory, and directories without a PV', async () => {
    await apply(
      lab,
      claim('left', { class: 'keep' }),
      pod('left', { image, claim: 'left', run: writes('1') }),
    );
    await apply(lab, claim('unused', { class: 'bulk' }), claim('hollow', { class: 'bulk' }));
    await ready(lab, 'left');
    await lab.until(
      'all are bound',
      async () => (await volumeOf('unused')) !== '' && (await volumeOf('hollow')) !== '',
    );
    const [left, unused, hollow] = [
      await volumeOf('left'),
      await volumeOf('unused'),
      await volumeOf('hollow'),
    ];
    await lab.kubectl('delete', 'pod/left', 'pvc/left');
    await lab.sh('node2', `mkdir ${FAST}/by-hand; rmdir ${FAST}/${hollow}_default_hollow`);
    const { orphans } = await listing();
    expect(orphans.withoutClaim).toEqual([left]);
    expect([...orphans.withoutPod].sort()).toEqual([unused, hollow].sort());
    expect(orphans.withoutDirectory).toEqual([hollow]);
    expect(orphans.directories.map(({ path }) => path)).toEqual([`${FAST}/by-hand`]);
    await lab.kubectl('delete', 'pvc', 'unused', 'hollow');
    await lab.ok('volumes', 'delete', 'by-hand', left, '--yes');
    await lab.ok('volumes', 'purge', '--all', '--yes');
    await Promise.all([unused, hollow].map(gone));
    expect(await listing()).toMatchObject({ volumes: [], orphans: NOTHING, quarantine: [] });
  });

  it('adds and removes classes and volumes with the lab file, unless they have data', async () => {
    await lab.write(
      yaml({
        volumes: '    - {name: more, type: arbiter}',
        classes: '    - {name: more, volume: more, binding: Immediate}',
      }),
    );
    await lab.ok('up');
    await apply(lab, claim('kept', { class: 'more' }));
    await lab.until('it is bound', async () => (await volumeOf('kept')) !== '');
    await lab.write(yaml());
    const refused = await lab.run('up');
    expect(refused.exitCode).toBe(72);
    expect(refused.stderr).toMatch(/class more: PV pvc-\S+, claim default\/kept/);
    expect(refused.stderr).toMatch(/volume more: \/opt\/local-path-provisioner-more\/pvc-/);
    await lab.kubectl('delete', 'pvc', 'kept');
    await lab.until('it is gone', async () => (await listing()).volumes.length === 0);
    await lab.ok('up');
    expect(await lab.kubectl('get', 'sc', '-o', 'name')).not.toContain('more');
    expect(await lab.sh('node1', 'gluster volume list')).not.toContain('more');
    for (const node of NODES)
      expect(await lab.sh(node, 'ls -d /data/brick/more /opt/*-more 2>/dev/null || echo none')).toBe('none');
  });

  it(
    '200 claims come and go and leave nothing',
    async () => {
      const names = Array.from({ length: 200 }, (_, index) => `many-${index}`);
      await apply(lab, ...names.map((name) => claim(name, { class: 'bulk', size: '1Mi' })));
      const bound = async (): Promise<number> =>
        (await lab.kubectl('get', 'pvc', '-o', 'jsonpath={.items[*].status.phase}'))
          .split(' ')
          .filter((phase) => phase === 'Bound').length;
      await lab.until('all are bound', async () => (await bound()) === 200, 400_000);
      await lab.kubectl('delete', 'pvc', '--all', '--wait=false');
      await lab.until(
        'all are gone',
        async () => (await lab.kubectl('get', 'pv', '-o', 'name')) === '',
        400_000,
      );
      expect(await listing()).toMatchObject({ volumes: [], orphans: NOTHING, quarantine: [] });
      await lab.until('no helper pod is left', async () =>
        /^pod\/local-path-provisioner-\S+$/.test(
          await lab.kubectl('-n', 'local-path-storage', 'get', 'pods', '-o', 'name'),
        ),
      );
      for (const mount of [MOUNT, FAST]) {
        expect(
          await lab.sh(
            'node3',
            `ls -A ${mount}; ls -A ${mount}/.kglab/catalogue ${mount}/.kglab/requests 2>/dev/null | grep -v -e : -e '^$' || true`,
          ),
        ).toBe('.kglab');
      }
      const clean = 'gluster volume heal fast info | grep -c "entries: 0" || true';
      await lab.until('nothing is to be healed', async () => (await lab.sh('node1', clean)) === '3');
    },
    20 * 60_000,
  );

  it('restores 50 PVs in a new cluster, byte for byte, each to its own claim only', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `file-${index}`);
    await apply(
      lab,
      ...names.map((name, index) => claim(name, { class: index % 5 === 0 ? 'thin' : 'bulk', size: '4Mi' })),
    );
    const waiting = (): Promise<string> =>
      lab.kubectl('get', 'pvc', '-o', 'jsonpath={.items[?(@.status.phase!="Bound")].metadata.name}');
    await lab.until('all are bound', async () => (await waiting()) === '');
    await lab.sh(
      'node1',
      `for d in ${FAST}/pvc-* ${MOUNT}-thin/pvc-*; do head -c 20000 /dev/urandom > $d/data; mkdir $d/sub; echo "$d" > "$d/sub/a name"; ln -s data $d/link; done`,
    );
    const proof = join(lab.dir, 'proof.json');
    await lab.ok('volumes', 'export', '--checksums', '--to', proof);
    await newCluster(lab);
    expect(await lab.kubectl('get', 'pv', '-o', 'name')).toBe('');
    // Some lose their catalogue entries. Nothing writes these again: the cluster does not know the PVs.
    const thin = `${MOUNT}-thin/.kglab/catalogue`;
    expect(await lab.sh('node1', `ls ${thin} | wc -l; rm ${thin}/*`)).toBe('10');

    await lab.ok('volumes', 'restore', 'default/file-1');
    // Its owner applies the manifest again, without volumeName.
    await apply(lab, claim('file-1', { class: 'bulk', size: '4Mi' }));
    await apply(lab, claim('stranger', { class: 'bulk', size: '1Mi' }));
    await lab.until('the stranger has a volume of its own', async () => (await volumeOf('stranger')) !== '');
    const stranger = await volumeOf('stranger');
    await lab.kubectl('delete', 'pvc', 'stranger');
    await gone(stranger);

    const restored = await lab.ok('volumes', 'restore', '--all', '--size', '4Mi', '--verify', proof);
    expect(restored.match(/^restored /gm)).toHaveLength(49);
    expect(restored).toMatch(/^identical: 50 PVs, 200 paths$/m);
    expect(await waiting()).toBe('');
    const policies = await lab.kubectl(
      'get',
      'pv',
      '-l',
      'app.kubernetes.io/managed-by=kglab',
      '-o',
      'jsonpath={.items[*].spec.persistentVolumeReclaimPolicy}',
    );
    expect(new Set(policies.split(' '))).toEqual(new Set(['Retain']));
    expect((await lab.ok('volumes', 'restore', '--all')).trim()).toBe('');

    await lab.sh('node2', `for f in ${FAST}/*_default_file-1/data; do echo changed >> $f; done`);
    const changed = await lab.run('volumes', 'verify', proof);
    expect(changed).toMatchObject({ exitCode: 75, stdout: 'default/file-1\n  ~ data' });
  });

  it('restores nothing when one of the named claims cannot be restored', async () => {
    const before = await lab.kubectl('get', 'pv,pvc', '-o', 'name');
    await lab.kubectl('delete', 'pvc', 'file-1', 'file-2');
    await apply(lab, claim('file-1', { class: 'bulk', size: '1Mi' }));
    await lab.until('it is bound', async () => (await volumeOf('file-1')) !== '');
    const refused = await lab.run('volumes', 'restore', 'default/file-2', 'default/file-1', 'default/nix');
    expect(refused.exitCode).toBe(73);
    expect(refused.stderr).toContain('there is no data of default/nix');
    expect(await lab.kubectl('get', 'pvc', '-o', 'name')).not.toMatch(/file-2$/m);
    await lab.ok('volumes', 'restore', 'default/file-2');
    expect(await lab.ok('volumes', 'ls', 'file-2')).toContain('link -> data');
    expect(before).toMatch(/file-2$/m);
  });

  it('leaves a catalogue of a newer kglab unchanged', async () => {
    const file = `${FAST}/.kglab/catalogue/newer.json`;
    const text = `{"version":2,"pv":"x","path":"${FAST}/x"}`;
    await lab.sh('node1', `echo '${text}' > ${file}`);
    for (const words of [['volumes'], ['volumes', 'restore', '--all']])
      expect(await lab.run(...words)).toMatchObject({
        exitCode: 76,
        stderr: expect.stringContaining('has format 2') as string,
      });
    expect(await lab.sh('node1', `cat ${file}; rm ${file}`)).toBe(text);
    const newer = join(lab.dir, 'newer.json');
    await writeFile(newer, '{"version":9,"volumes":[]}');
    expect((await lab.run('volumes', 'verify', newer)).exitCode).toBe(76);
    expect(await readFile(newer, 'utf8')).toBe('{"version":9,"volumes":[]}');
  });
});
