import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTHING } from './support/host-state.js';
import { isRoot, TestLab } from './support/kglab.js';
import { filesOf, providerOf, recordOf, stateDir, tracesOnHost } from './support/lab-internals.js';
import { apply, busyboxOf, claim, namespace, pod, ready } from './support/workloads.js';

const VOLUME = '/opt/local-path-provisioner';

/** Appends numbered lines; logs each one only when most bricks have it on disk. */
const WRITER = `
n=0
while :; do
  n=$((n + 1))
  echo "line $n" | dd of=/data/log bs=64 oflag=append conv=notrunc,fsync 2>/dev/null && echo "ack $n"
done`;

/** Command of a pod that only sleeps. */
const LOOP = 'while :; do sleep 1; done';

/** Upper limit for the unpacked evidence of three machines. */
const ARCHIVE_BYTES = 256 * 1024 * 1024;

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe.skipIf(!isRoot)('rebuild, stop, start and repair of a lab (skipped without root)', () => {
  let lab: TestLab;
  let image = '';
  beforeAll(async () => {
    lab = await TestLab.make();
    await lab.ok('up');
    image = await busyboxOf(lab);
  });
  afterAll(() => lab.destroy());

  const acknowledged = async (): Promise<string[]> =>
    lines(await lab.kubectl('logs', 'writer')).map((line) => line.replace('ack', 'line'));

  it('rebuilds a node while a pod writes, with the same peer UUID and no lost write', async () => {
    const uuid = await lab.sh('node3', 'cat /var/lib/glusterd/glusterd.info');
    // `rebuild` refuses a node whose brick has data that the others lack.
    await lab.healed();
    await apply(lab, claim('log', { mode: 'ReadWriteMany' }));
    await apply(lab, pod('writer', { image, claim: 'log', run: WRITER, node: lab.machine('node2') }));
    await ready(lab, 'writer');
    await lab.until('a hundred lines', async () => (await acknowledged()).length > 100);
    const before = (await acknowledged()).length;
    await lab.ok('rebuild', '--node', 'node3', '--yes');
    const acks = await acknowledged();
    expect(acks.length).toBeGreaterThan(before + 100);
    expect(await lab.sh('node3', 'cat /var/lib/glusterd/glusterd.info')).toBe(uuid);
    await lab.kubectl('delete', 'pod', 'writer', '--grace-period=0', '--force');
    // After a forced deletion, the pod is gone from the API but may still run on its node.
    await lab.until(
      'the writer is dead',
      async () => (await lab.sh('node2', 'grep -sl "line [$]n" /proc/[0-9]*/cmdline | wc -l')) === '0',
    );
    await lab.healed();
    for (const node of ['node1', 'node2', 'node3']) {
      const written = new Set(lines(await lab.sh(node, `cat ${VOLUME}/*_default_log/log`)));
      expect(acks.filter((line) => !written.has(line))).toEqual([]);
    }
    const sums = await Promise.all(
      ['node1', 'node2', 'node3'].map((node) => lab.sh(node, 'cd /data/brick/gv0 && md5sum */log')),
    );
    expect(new Set(sums).size).toBe(1);
    await lab.whole();
  });

  it('keeps every file when only Kubernetes is rebuilt', async () => {
    await lab.sh('node1', `echo kept > ${VOLUME}/kept && sync ${VOLUME}/kept`);
    const find = `cd ${VOLUME} && find . -type f ! -path './.kglab/*' | sort | xargs md5sum`;
    const before = await lab.sh('node2', find);
    await apply(lab, namespace('of-the-old-cluster'));
    await lab.ok('rebuild', '--k3s-only', '--yes');
    expect(await lab.sh('node2', find)).toBe(before);
    expect(await lab.kubectl('get', 'namespaces', '-o', 'name')).not.toContain('of-the-old-cluster');
    await lab.whole();
  });

  it('stops quickly although pods ignore SIGTERM, and runs all pods again after start', async () => {
    await apply(
      lab,
      claim('stubborn'),
      claim('tidy'),
      pod('stubborn', { image, claim: 'stubborn', run: `trap '' TERM; ${LOOP}` }),
      pod('tidy', { image, claim: 'tidy', run: `trap 'echo end > /data/last; exit' TERM; ${LOOP}` }),
    );
    await ready(lab, 'stubborn', 'tidy');
    const { durationMs, exitCode } = await lab.run('stop');
    expect(exitCode).toBe(0);
    // A pod gets six seconds before it is killed.
    expect(durationMs).toBeLessThan(60_000);
    expect((await lab.run('stop')).exitCode).toBe(0);
    await lab.ok('start');
    // Pods stop before the volume is unmounted: the last write of one is on the volume.
    expect(await lab.ok('volumes', 'cat', 'tidy:last')).toBe('end');
    await lab.healed();
    await lab.whole();
    await lab.kubectl('get', 'pod', 'stubborn', 'tidy');
  });

  it('is healthy again by itself after its machines start in any order', async () => {
    const provider = await providerOf(lab);
    await lab.ok('stop', '--force');
    for (const node of ['node2', 'node1', 'node3']) await provider.start(lab.machine(node));
    const pending = async (): Promise<readonly unknown[]> =>
      (await lab.json<{ pending: readonly { id: string }[] }>('status')).pending.filter(
        ({ id }) => id !== 'k3s.kubeconfig',
      );
    await lab.until('a lab with nothing to do', async () => (await pending()).length === 0, 400_000);
  });

  it('is repaired by `up` when the machine of the k3s server is gone', async () => {
    await (await providerOf(lab)).remove(lab.machine('node1'));
    await lab.ok('up');
    await lab.healed();
    await lab.whole();
    expect(await lab.sh('node1', `cat ${VOLUME}/kept`)).toBe('kept');
    expect(lines(await lab.kubectl('get', 'nodes', '-o', 'name'))).toHaveLength(3);
    expect(await lab.sh('node1', 'cat /data/brick/gv0/kept')).toBe('kept');
  });

  it('collects evidence while a machine is down, without the k3s token', async () => {
    const provider = await providerOf(lab);
    await provider.stop(lab.machine('node3'));
    const file = (await lab.ok('logs')).trim();
    expect(file).toMatch(new RegExp(`/kglab-${lab.name}-\\w+\\.tar\\.gz$`));
    await provider.start(lab.machine('node3'));
    const token = (await readFile(join(stateDir(lab), 'token'), 'utf8')).trim();
    expect(token.length).toBeGreaterThan(20);
    const content = (...options: string[]): string =>
      execFileSync('tar', [...options, file], { encoding: 'utf8', maxBuffer: ARCHIVE_BYTES });
    expect(content('-tzf')).toMatch(/machines\/\S+node3\/console\.txt$/m);
    const text = content('-xzOf');
    expect(text.length).toBeGreaterThan(10_000);
    expect(text).not.toContain(token);
    expect(text).not.toMatch(/PRIVATE KEY-----\s*[\w+/=]{16}|client-key-data: *[\w+/=]{16}/);
  });

  it('gets its data back in a new lab after `down --keep-data`', async () => {
    await lab.ok('up');
    const { id } = await recordOf(lab);
    const found = await lab.json<{ left: unknown[]; kept: unknown[] }>('down', '--yes', '--keep-data');
    expect(found.left).toEqual([]);
    expect(found.kept).toHaveLength(3);
    expect((await tracesOnHost(lab, id)).mounts).toEqual([]);
    await lab.ok('up');
    expect(await lab.sh('node2', `cat ${VOLUME}/kept`)).toBe('kept');
    await lab.healed();
    await lab.whole();
  });

  it('refuses `down` while it is protected, and leaves nothing on the host after `down`', async () => {
    await lab.ok('protect');
    expect((await lab.run('down', '--yes')).exitCode).toBe(13);
    expect((await lab.run('rebuild', '--yes')).exitCode).toBe(13);
    await lab.ok('unprotect');
    const { id } = await recordOf(lab);
    await lab.ok('down', '--yes');
    expect(await tracesOnHost(lab, id)).toEqual(NOTHING);
    expect(await filesOf(lab)).toEqual([]);
  });
});
