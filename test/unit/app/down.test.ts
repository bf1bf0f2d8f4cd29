import { chmod, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { down, planRemoval } from '../../../src/app/down.js';
import { assertUnprotected, setProtected } from '../../../src/app/protect.js';
import { CliError } from '../../../src/errors/cli-error.js';
import type { MachineProvider, Trace } from '../../../src/machines/provider.js';
import { certificateRows, certificateText } from '../../../src/report/certificate.js';
import { mergeContexts } from '../../../src/kube/merge-kubeconfig.js';
import { readKubeconfig } from '../../../src/kube/read-kubeconfig.js';
import { ScriptedExecutor } from '../../helpers/scripted-executor.js';
import { TestWorld } from '../../helpers/test-world.js';

let test: TestWorld;
beforeEach(async () => {
  test = await TestWorld.make();
  await test.store.save(test.record());
});
afterEach(() => test.close());

/** A provider that removes what it is told to, but for what `stuck` names. */
const removing = (stuck?: string, kept?: string[]): MachineProvider => {
  const { provider } = test.stage;
  const bridge: Trace = { kind: 'network interface', what: 'kg-demo' };
  let cleaned = false;
  return Object.assign(Object.create(provider) as typeof provider, {
    foundation: { ...provider.foundation, remove: () => Promise.resolve(void (cleaned = true)) },
    abilities: {
      traces: () => Promise.resolve(cleaned ? [] : [bridge]),
      keepFolders: (name: string, folders: readonly string[]) => {
        kept?.push(`${name}: ${folders.join(' ')}`);
        return Promise.resolve(`/kept/${name}`);
      },
    },
    remove: (name: string) => {
      if (name === stuck) return Promise.reject(new CliError('TIMEOUT', `Machine ${name} did not end.`));
      provider.infos = provider.infos.filter((info) => info.name !== name);
      return Promise.resolve();
    },
  });
};

const world = (provider: MachineProvider) => test.world({ provider: () => Promise.resolve(provider) });

const mountAt = (path: string): Promise<void> =>
  test.store
    .files('demo')
    .write(join(test.store.dir('demo'), 'mounts.json'), JSON.stringify([{ volume: 'gv0', path }]));

const kubeconfig = (name: string): string =>
  JSON.stringify({
    ...{ 'current-context': name, clusters: [{ name, cluster: {} }], users: [{ name }] },
    contexts: [{ name, context: {} }],
  });

describe('down', () => {
  it('removes everything and lists what there was', async () => {
    const w = world(removing());
    const found = await down(await planRemoval(await test.lab(w)));
    expect(found.left).toEqual([]);
    expect(certificateRows(found)).toEqual([
      ['machine', '3', '0'],
      ['network interface', '1', '0'],
      ['directory', '1', '0'],
    ]);
    expect(certificateText(found)).toBe('Nothing is left of lab demo (id abc123).\n');
    expect(await test.store.load('demo')).toBeUndefined();
  });

  it('removes what it can, keeps the record, and says what is left and why', async () => {
    const w = world(removing('demo-node2'));
    const found = await down(await planRemoval(await test.lab(w)));
    const why = 'Machine demo-node2 did not end.';
    expect(found.left).toEqual([
      { kind: 'machine', what: 'demo-node2', why },
      { kind: 'network interface', what: 'kg-demo', why },
    ]);
    expect(certificateText(found)).toContain('2 things are left of lab demo (id abc123)');
    expect(await test.store.load('demo')).toBeDefined();
  });

  it('explains a machine that is left by its own failure, not by that of a machine with a similar name', async () => {
    test.stage.provider.infos = ['demo-node1', 'demo-node10'].map((name) => ({ name, state: 'running' }));
    const provider = removing('demo-node1');
    const remove = (name: string): Promise<void> =>
      name === 'demo-node10' ? Promise.resolve() : provider.remove(name);
    const traces = (): Promise<readonly Trace[]> =>
      Promise.resolve(
        ['demo-node10', 'demo-node1'].map((name) => ({ kind: 'process', what: `7 systemd (${name})` })),
      );
    const w = world(
      Object.assign(Object.create(provider) as typeof provider, { remove, abilities: { traces } }),
    );
    const { left } = await down(await planRemoval(await test.lab(w)));
    const reasons = Object.fromEntries(left.map(({ what, why }) => [what, why]));
    const own = 'Machine demo-node1 did not end.';
    const unknown = 'reason unknown: something recreated it, or another process uses it';
    expect(reasons).toEqual({
      'demo-node1': own,
      '7 systemd (demo-node1)': own,
      'demo-node10': unknown,
      '7 systemd (demo-node10)': unknown,
    });
  });

  it('keeps the record after a failure that left no trace', async () => {
    const why = 'demo-node3 is still being prepared.';
    const provider = removing();
    const remove = (): Promise<void> => Promise.reject(new CliError('MACHINE_FAILED', why));
    const foundation = { ...provider.foundation, remove };
    const w = world(
      Object.assign(provider, { foundation, abilities: { traces: () => Promise.resolve([]) } }),
    );
    const found = await down(await planRemoval(await test.lab(w)));
    expect(found.left).toEqual([{ kind: 'lab', what: 'demo', why }]);
    expect(certificateText(found)).toContain(`lab demo: ${why}`);
    expect(await test.store.load('demo')).toBeDefined();
  });

  it('detaches host mounts first, even if in use', async () => {
    const order: string[] = [];
    const host = new ScriptedExecutor('host').on(/^sh unmount .* -l \/mnt\/x$/, () => {
      order.push('umount');
      return '';
    });
    await mountAt('/mnt/x');
    const provider = removing();
    const remove = (name: string): Promise<void> => {
      order.push(name);
      return provider.remove(name);
    };
    const w = test.world({
      provider: () => Promise.resolve(Object.assign(Object.create(provider) as typeof provider, { remove })),
      host,
    });
    const found = await down(await planRemoval(await test.lab(w)));
    expect(order[0]).toBe('umount');
    expect(certificateRows(found)).toContainEqual(['host mount', '1', '0']);
    expect(await test.store.load('demo')).toBeUndefined();
  });

  it('keeps a host mount on record that could not be detached', async () => {
    const host = new ScriptedExecutor('host').on(/^sh unmount /, { exitCode: 1, stderr: 'not permitted' });
    await mountAt('/mnt/x');
    const w = test.world({ provider: () => Promise.resolve(removing()), host });
    const found = await down(await planRemoval(await test.lab(w)));
    const why = '/mnt/x cannot be unmounted: not permitted';
    expect(found.left).toEqual([{ kind: 'host mount', what: '/mnt/x', why }]);
    expect(await test.store.load('demo')).toBeDefined();
  });

  it('finds mounts that are not on record, detaches its own and leaves foreign ones', async () => {
    const own = (place: string, id: number): string =>
      `${id} 22 8:1 ${place} ${place} rw - ext4 /dev/sda1 rw\n${id + 1} ${id} 0:50 / ${place} rw - fuse.glusterfs demo-node2:/gv0 rw\n`;
    let mountinfo = `${own('/mnt/lost', 40)}50 22 0:51 / /mnt/hand rw - fuse.glusterfs demo-node1:/gv0 rw\n`;
    const host = new ScriptedExecutor('host').on(/^sh unmount .* -l \/mnt\/lost$/, () => {
      mountinfo = mountinfo.split('\n').slice(2).join('\n');
      return '';
    });
    const { store } = test;
    const files = (name: string) => ({
      ...store.files(name),
      read: (path: string) =>
        path === '/proc/self/mountinfo' ? Promise.resolve(mountinfo) : store.files(name).read(path),
    });
    const w = test.world({
      provider: () => Promise.resolve(removing()),
      host,
      store: Object.assign(Object.create(store) as typeof store, { files }),
    });
    const removal = await planRemoval(await test.lab(w));
    expect(removal.before.filter(({ kind }) => kind === 'host mount').map(({ what }) => what)).toEqual([
      '/mnt/lost',
      '/mnt/hand',
    ]);
    const found = await down(removal);
    const why = 'this volume was mounted without kglab; unmount it: umount -l /mnt/hand';
    expect(found.left).toEqual([{ kind: 'host mount', what: '/mnt/hand', why }]);
    expect(await test.store.load('demo')).toBeDefined();
  });

  it('keeps the record when it is interrupted', async () => {
    const provider = removing();
    const w = world(
      Object.assign(Object.create(provider) as MachineProvider, {
        remove: () => {
          test.stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
          return Promise.reject(new Error('killed'));
        },
      }),
    );
    await expect(down(await planRemoval(await test.lab(w)))).rejects.toThrow();
    expect(await test.store.load('demo')).toBeDefined();
  });

  it("removes only the lab's context from the user's kubeconfig", async () => {
    const [mine, lab] = ['mine', 'kglab-demo'].map((name) => readKubeconfig(kubeconfig(name), name));
    if (!mine || !lab) throw new Error('two were read');
    await writeFile(test.userKubeconfig, mergeContexts(mine, lab, 'mine'));
    const w = world(removing());
    const found = await down(await planRemoval(await test.lab(w)));
    expect(found.before.map(({ kind }) => kind)).toContain('kubeconfig context');
    const left = await readFile(test.userKubeconfig, 'utf8');
    expect(left).toBe(kubeconfig('mine'));
  });

  it('follows a link to the kubeconfig, which keeps its mode', async () => {
    const real = join(test.base, 'dotfiles');
    await writeFile(real, kubeconfig('kglab-demo'));
    await chmod(real, 0o640);
    await symlink(real, test.userKubeconfig);
    const w = world(removing());
    await down(await planRemoval(await test.lab(w)));
    expect(await readlink(test.userKubeconfig)).toBe(real);
    expect((await stat(real)).mode & 0o777).toBe(0o640);
    expect(await readFile(real, 'utf8')).not.toContain('kglab-demo');
  });

  it('goes on with a warning if the kubeconfig cannot be read', async () => {
    await mkdir(test.userKubeconfig);
    const said: string[] = [];
    const w = test.world({
      provider: () => Promise.resolve(removing()),
      say: (line) => void said.push(line),
    });
    const found = await down(await planRemoval(await test.lab(w)));
    expect(found.left).toEqual([]);
    expect(said.join('\n')).toContain(`${test.userKubeconfig} cannot be read`);
  });

  it.each([
    ['clusters that are a mapping', 'clusters: {}\ncurrent-context: kglab-demo\n'],
    ['a tab as indentation', 'clusters:\n\t- name: kglab-demo\n'],
    ['two documents', 'clusters: []\n---\ncontexts: [{ name: kglab-demo }]\n'],
    ['plain text', 'kglab-demo is my lab\n'],
    ['an entry that is a text', 'contexts: [kglab-demo]\n'],
    ['a name that is a number', 'contexts: [{ name: 1 }]\n'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x61, 0x00])],
    ['an alias that names nothing', 'clusters: *mine\n'],
    ['brackets nested without end', '['.repeat(100_000)],
  ])('leaves a kubeconfig alone that it does not understand, and does not certify: %s', async (_, text) => {
    await writeFile(test.userKubeconfig, text);
    const w = world(removing());
    const found = await down(await planRemoval(await test.lab(w)));
    expect(found.left).toEqual([]);
    expect(await test.store.load('demo')).toBeUndefined();
    expect(await readFile(test.userKubeconfig)).toEqual(Buffer.from(text));
    expect(certificateText(found)).not.toContain('Nothing is left');
    const said = test.said.join('\n');
    for (const words of [said, certificateText(found)]) {
      expect(words).toContain(`kglab-demo may still be in ${test.userKubeconfig}`);
      expect(words).toContain(`kubectl config delete-context kglab-demo --kubeconfig ${test.userKubeconfig}`);
    }
    expect(certificateRows(found)).toContainEqual(['kubeconfig context', '?', '?']);
  });

  it.each([
    ['null lists', 'clusters: null\nusers:\ncontexts: ~\n'],
    ['an empty file', ''],
    ['null entries', 'clusters: [null]\nusers:\n-\n'],
  ])('takes a kubeconfig with %s for one without the lab', async (_, text) => {
    await writeFile(test.userKubeconfig, text);
    const w = world(removing());
    const found = await down(await planRemoval(await test.lab(w)));
    expect(certificateText(found)).toBe('Nothing is left of lab demo (id abc123).\n');
    expect(await readFile(test.userKubeconfig, 'utf8')).toBe(text);
  });

  it('does not touch a kubeconfig without the lab', async () => {
    await writeFile(test.userKubeconfig, '# mine\nclusters: []\n');
    const w = world(removing());
    await down(await planRemoval(await test.lab(w)));
    expect(await readFile(test.userKubeconfig, 'utf8')).toBe('# mine\nclusters: []\n');
  });

  it('keeps bricks and the state of glusterd with keep', async () => {
    const kept: string[] = [];
    for (const name of test.stage.machines) test.stage.on(name).on(/^sh end_pods/);
    const w = world(removing(undefined, kept));
    const found = await down(await planRemoval(await test.lab(w)), { keep: true });
    expect(kept.sort()[0]).toBe('demo-node1: /var/lib/glusterd /data');
    expect(found.kept).toHaveLength(3);
    expect(certificateText(found)).toContain('demo-node1: /kept/demo-node1');
  });

  it('lists data kept by an earlier run as kept, not as left', async () => {
    const data: Trace = { kind: 'kept data', what: '/kept/demo/demo-node1' };
    const w = world(Object.assign(removing(), { abilities: { traces: () => Promise.resolve([data]) } }));
    const found = await down(await planRemoval(await test.lab(w)));
    expect(found.left).toEqual([]);
    expect(found.before).not.toContain(data);
    expect(found.kept).toEqual([{ machine: 'demo-node1', path: data.what }]);
  });

  it('refuses keep if the provider does not support it', async () => {
    const w = test.world();
    await expect(down(await planRemoval(await test.lab(w)), { keep: true })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});

describe('protect', () => {
  it('is saved in the record and with the provider', async () => {
    const notes: string[] = [];
    const remember = (text: string): Promise<void> => Promise.resolve(void notes.push(text));
    const w = world(Object.assign(removing(), { abilities: { remember } }));
    expect(await setProtected(await test.lab(w), true)).toBe(true);
    const record = await test.store.load('demo');
    expect(record).toMatchObject({ protected: true });
    expect(JSON.parse(notes[0] ?? '')).toEqual(record);
    expect(() => assertUnprotected(record ?? test.record())).toThrow('Lab demo is protected');
    expect(await setProtected(await test.lab(w, record), true)).toBe(false);
    expect(await setProtected(await test.lab(w, record), false)).toBe(true);
    expect(() => assertUnprotected(test.record())).not.toThrow();
  });
});
