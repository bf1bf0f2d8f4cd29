import { parseAllDocuments } from 'yaml';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadTemplates } from '../../../../src/cli/support/templates.js';
import type { CliError } from '../../../../src/errors/cli-error.js';
import { claimDirectory, renderReader, renderWriter } from '../../../../src/steps/smoke/pods.js';
import { smokeKey, smokeTest } from '../../../../src/steps/smoke/run.js';
import { labOf, Stage } from '../../../helpers/step-context.js';

const templates = loadTemplates();
const [planned] = smokeTest.plan(labOf()).map(({ input }) => input);
if (planned === undefined) throw new Error('a lab as it comes has a smoke test');
const input = { ...planned, server: 'g1', nodes: ['g1', 'g2', 'g3'] };
const PROOF = 'ab'.repeat(16);

describe('smoke pods', () => {
  const pods = {
    namespace: 'kglab-smoke',
    storageClass: 'local-path',
    image: 'example.test/smoke:1',
    proof: PROOF,
    node: 'g3',
  };

  it.each([
    ['writer', renderWriter],
    ['reader', renderReader],
  ] as const)('golden: %s', async (name, render) => {
    const text = render(templates[`smoke-${name}.yaml`] ?? '', pods);
    for (const document of parseAllDocuments(text)) expect(document.errors).toEqual([]);
    await expect(text).toMatchFileSnapshot(`../../../golden/smoke/${name}.yaml`);
  });

  it('use the directory that the provisioner makes for the claim', () => {
    expect(claimDirectory('pvc-1', 'ns', 'proof')).toBe('pvc-1_ns_proof');
  });

  it('have another key for other nodes, another class or another provisioner', () => {
    const key = smokeKey(['a', 'b'], 'local-path', 'uid');
    expect(smokeKey(['a', 'b'], 'local-path', 'uid')).toBe(key);
    const others = [
      smokeKey(['a'], 'local-path', 'uid'),
      smokeKey(['a', 'b', 'c'], 'local-path', 'uid'),
      smokeKey(['a', 'b'], 'other', 'uid'),
      smokeKey(['a', 'b'], 'local-path', 'uid of another deployment'),
      smokeKey(['a', 'blocal-path'], '', 'uid'),
    ];
    expect(new Set([key, ...others]).size).toBe(6);
  });
});

const DEPLOYMENT = /^k3s kubectl get deployments --all-namespaces/;
const POD = (name: string): RegExp => new RegExp(`^k3s kubectl get pod ${name} -n kglab-smoke`);
const phase = (name: string): string =>
  JSON.stringify({ kind: 'Pod', metadata: { name: 'x' }, status: { phase: name } });
const deployment = (annotations: Record<string, string> = {}): string =>
  JSON.stringify({
    items: [
      {
        kind: 'Deployment',
        metadata: { name: 'local-path-provisioner', namespace: 'lps', uid: 'u1', annotations },
      },
    ],
  });
const FILE = `${input.path}/pvc-7_kglab-smoke_proof/proof`;

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
  stage.on('g1').on(DEPLOYMENT, deployment());
  stage.on('g1').on(/^k3s kubectl (delete|annotate|-n lps annotate)/);
  stage.on('g1').on(/^k3s kubectl get (namespace|pv) /);
  stage.on('g1').on('k3s kubectl apply -f -');
  stage.on('g1').on(
    /get pvc proof/,
    JSON.stringify({
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'proof' },
      spec: { volumeName: 'pvc-7' },
    }),
  );
  stage
    .on('g1')
    .on(POD('writer'), phase('Pending'), phase('Succeeded'))
    .on(POD('reader'), phase('Succeeded'));
  stage.on('g1').on(`rm -f ${FILE}`);
  stage.on('g1').on(/^k3s kubectl -n kglab-smoke (get|logs)/, 'evidence of the cluster\n');
  for (const name of input.nodes) stage.on(name).on(`cat ${FILE}`, `${PROOF}\n`);
});

const apply = async (ms = 5000): Promise<CliError | undefined> => {
  const ended = smokeTest.apply(input, stage.context()).then(
    () => undefined,
    (error: unknown) => error as CliError,
  );
  await stage.clock.advance(ms);
  return ended;
};
const PASSED = /-n lps annotate --overwrite deployment local-path-provisioner kglab\/smoke=/;

describe('smoke test', () => {
  it('is satisfied only by the matching key on the deployment', async () => {
    const mark = (key: string) => stage.on('g1').on(DEPLOYMENT, deployment({ 'kglab/smoke': key }));
    mark(smokeKey(input.nodes, input.storageClass, 'u1'));
    expect(await smokeTest.probe(input, stage.context())).toEqual({ state: 'satisfied' });
    mark(smokeKey(['g1', 'g2'], input.storageClass, 'u1'));
    expect(await smokeTest.probe(input, stage.context())).toMatchObject({ state: 'pending' });
  });

  it('writes on the last node, reads on every node and by a pod of the first, then stores the key', async () => {
    expect(await apply()).toBeUndefined();
    const manifests = stage.calls.flatMap(({ command }) =>
      command.stdin === undefined ? [] : [command.stdin],
    );
    expect(JSON.parse(manifests[0] ?? '')).toMatchObject({
      kind: 'Namespace',
      metadata: { name: 'kglab-smoke' },
    });
    expect(manifests[1]).toMatch(/hostname: g3\n/);
    expect(manifests[2]).toMatch(/hostname: g1\n/);
    for (const name of input.nodes) expect(stage.ran(name)).toContain(`cat ${FILE}`);
    expect(stage.ran('g1').at(-1)).toMatch(PASSED);
    expect(stage.ran('g1').at(-1)).toContain(smokeKey(input.nodes, input.storageClass, 'u1'));
  });

  it('removes the objects of an earlier try first', async () => {
    await apply();
    const ran = stage.ran('g1');
    const removed = ran.findIndex((words) => /delete namespace/.test(words));
    expect(removed).toBeGreaterThanOrEqual(0);
    expect(removed).toBeLessThan(ran.indexOf('k3s kubectl apply -f -'));
  });

  it('deletes the namespace of an earlier try, and refuses one that it did not create', async () => {
    const found = (labels?: Record<string, string>): void => {
      const namespace = JSON.stringify({ kind: 'Namespace', metadata: { name: 'kglab-smoke', labels } });
      stage.on('g1').on(/^k3s kubectl get namespace /, namespace, '');
    };
    found({ team: 'a' });
    expect(await apply()).toMatchObject({
      code: 'SMOKE_FAILED',
      message: expect.stringContaining('not touched') as string,
    });
    expect(stage.ran('g1').some((words) => words.includes('delete'))).toBe(false);
    found({ 'kglab/smoke-test': 'true' });
    expect(await apply()).toBeUndefined();
  });

  it('shows the log of the writer when it fails', async () => {
    stage.on('g1').on(POD('writer'), phase('Failed'));
    stage.on('g1').on(/-n kglab-smoke logs writer/, 'sh: write error: Read-only file system\n');
    expect((await apply())?.details).toContain('sh: write error: Read-only file system');
  });

  it('throws SMOKE_FAILED with details when a pod fails, and deletes nothing', async () => {
    stage.on('g1').on(POD('writer'), phase('Failed'));
    const error = await apply();
    expect(error).toMatchObject({ code: 'SMOKE_FAILED', exitCode: 80, message: 'The writer pod failed.' });
    expect(error?.details).toContain('evidence of the cluster');
    const ran = stage.ran('g1');
    expect(ran.findLastIndex((words) => words.includes(' delete '))).toBeLessThan(
      ran.indexOf('k3s kubectl apply -f -'),
    );
    expect(ran.some((words) => PASSED.test(words))).toBe(false);
  });

  it('throws SMOKE_FAILED when a pod does not end in time', async () => {
    stage.on('g1').on(POD('reader'), phase('Pending'));
    const error = await apply(input.timeoutMs + 10_000);
    expect(error).toMatchObject({ code: 'SMOKE_FAILED', message: 'The reader pod is Pending after 180 s.' });
  });

  it('throws SMOKE_FAILED when one node does not see the file', async () => {
    stage.on('g2').on(`cat ${FILE}`, { exitCode: 1, stderr: 'No such file or directory' });
    const error = await apply(30_000);
    expect(error).toMatchObject({ code: 'SMOKE_FAILED' });
    expect(error?.message).toBe(`Node g2 cannot read the test file of the pod: ${FILE}`);
  });

  it('throws SMOKE_FAILED when the file has other content', async () => {
    stage.on('g3').on(`cat ${FILE}`, 'something else\n');
    expect(await apply(30_000)).toMatchObject({ code: 'SMOKE_FAILED' });
  });

  it('retries until the namespace has its service account', async () => {
    const young = {
      exitCode: 1,
      stderr: 'error looking up service account kglab-smoke/default: serviceaccount "default" not found',
    };
    stage.on('g1').on('k3s kubectl apply -f -', '', young, young, '');
    expect(await apply()).toBeUndefined();
    // The namespace, the writer three times, the reader.
    expect(stage.ran('g1').filter((words) => words === 'k3s kubectl apply -f -')).toHaveLength(5);
  });

  it('throws SMOKE_FAILED with the reason when its objects are refused', async () => {
    stage
      .on('g1')
      .on('k3s kubectl apply -f -', '', { exitCode: 1, stderr: 'admission webhook denied the request\n' });
    const error = await apply();
    expect(error).toMatchObject({
      code: 'SMOKE_FAILED',
      message: "The smoke test's objects are refused: admission webhook denied the request",
    });
    expect(error?.details).toContain('evidence of the cluster');
    expect(error?.hint).toContain('-n kglab-smoke');
  });
});
