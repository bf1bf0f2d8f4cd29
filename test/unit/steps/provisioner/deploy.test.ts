import { parseAllDocuments, parse } from 'yaml';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadTemplates } from '../../../../src/cli/support/templates.js';
import { CliError } from '../../../../src/errors/cli-error.js';
import type { Step } from '../../../../src/engine/step.js';
import type { KubeObject } from '../../../../src/kube/kubectl.js';
import { deployProvisioner, provisionerGap } from '../../../../src/steps/provisioner/deploy.js';
import { renderProvisioner, type ProvisionerInput } from '../../../../src/steps/provisioner/manifest.js';
import { LABS } from '../../../helpers/labs.js';
import { failureOf, labOf, Stage } from '../../../helpers/step-context.js';

const inputOf = (yaml: string): ProvisionerInput => {
  const [planned] = deployProvisioner.plan(labOf(yaml)) as [Step<ProvisionerInput>];
  return { ...planned.input, server: 'g1' };
};
const ONE = inputOf('');
const TWO = inputOf(LABS['two-volumes']);
const IMAGES = { provisioner: 'example.test/lpp:1', helper: 'example.test/helper:1' };
const templates = loadTemplates();
const render = (input: ProvisionerInput, images = IMAGES) => renderProvisioner(templates, input, images);

const objectsOf = (manifest: string): Record<string, unknown>[] =>
  parseAllDocuments(manifest).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Record<string, unknown>;
  });
const configOf = (manifest: string) => {
  const map = objectsOf(manifest).find(({ kind }) => kind === 'ConfigMap') as {
    data: Record<string, string>;
  };
  return { ...map.data, config: JSON.parse(map.data['config.json'] ?? '') as unknown };
};

describe('renderProvisioner', () => {
  it.each([
    ['one-volume', ONE],
    ['two-volumes', TWO],
  ])('golden: %s', async (name, input) => {
    const { manifest } = render(input);
    expect(objectsOf(manifest).every(({ apiVersion, kind }) => Boolean(apiVersion && kind))).toBe(true);
    await expect(manifest).toMatchFileSnapshot(`../../../golden/provisioner/${name}.yaml`);
  });

  it('configures one volume for any class, and several volumes by class', () => {
    expect(configOf(render(ONE).manifest).config).toEqual({
      sharedFileSystemPath: '/opt/local-path-provisioner',
    });
    expect(configOf(render(TWO).manifest).config).toEqual({
      storageClassConfigs: {
        fast: { sharedFileSystemPath: '/opt/local-path-provisioner' },
        keep: { sharedFileSystemPath: '/opt/safe' },
      },
    });
  });

  it('contains both scripts and a helper pod with its image', () => {
    const data = configOf(render(ONE).manifest) as unknown as Record<string, string>;
    expect(data['setup']).toMatch(/^#!\/bin\/sh\n/);
    expect(data['teardown']).toMatch(/^#!\/bin\/sh\n/);
    expect(data['setup']).toContain('65735546');
    const pod = parse(data['helperPod.yaml'] ?? '') as {
      kind: string;
      spec: { containers: { image: string }[] };
    };
    expect([pod.kind, pod.spec.containers[0]?.image]).toEqual(['Pod', IMAGES.helper]);
  });

  it('makes exactly one class the default', () => {
    for (const input of [ONE, TWO]) {
      const classes = objectsOf(render(input).manifest).filter(
        ({ kind }) => kind === 'StorageClass',
      ) as unknown as KubeObject[];
      expect(classes).toHaveLength(input.classes.length);
      const marks = classes.map(
        ({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'],
      );
      expect(marks.filter((mark) => mark === 'true')).toHaveLength(1);
      expect(marks.every((mark) => mark === 'true' || mark === 'false')).toBe(true);
    }
  });

  it('has another checksum when anything differs', () => {
    const sums = [
      render(ONE),
      render(TWO),
      render({ ...ONE, namespace: 'other' }),
      render(ONE, { ...IMAGES, provisioner: 'example.test/lpp:2' }),
      render(ONE, { ...IMAGES, helper: 'example.test/helper:2' }),
    ].map(({ sum }) => sum);
    expect(new Set(sums).size).toBe(sums.length);
    expect(render(ONE).sum).toBe(sums[0]);
  });

  it('changes the pod template with the configuration, which is read only at start', () => {
    const mark = (input: ProvisionerInput, images = IMAGES): unknown =>
      (
        objectsOf(render(input, images).manifest).find(({ kind }) => kind === 'Deployment') as {
          spec: { template: { metadata: { annotations: unknown } } };
        }
      ).spec.template.metadata.annotations;
    expect(mark(ONE)).not.toEqual(mark(TWO));
    expect(mark(ONE)).not.toEqual(mark(ONE, { ...IMAGES, helper: 'other' }));
  });
});

const SUM = render(ONE).sum;
const deployment = (more: object = {}): KubeObject => ({
  kind: 'Deployment',
  metadata: { name: 'local-path-provisioner', annotations: { 'kglab/manifest': SUM } },
  ...more,
});
const storageClass = (name: string, isDefault: boolean, more: object = {}): KubeObject =>
  ({
    kind: 'StorageClass',
    metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
    provisioner: 'rancher.io/local-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
    ...more,
  }) as unknown as KubeObject;
const CONTAINER = 'c0'.repeat(32);
const podOn = (node: string, { id = CONTAINER, ready = true, ...metadata }: Record<string, unknown> = {}) =>
  ({
    kind: 'Pod',
    metadata: { name: 'local-path-provisioner-1', labels: { app: 'local-path-provisioner' }, ...metadata },
    spec: { nodeName: node },
    status: { containerStatuses: [{ ready, containerID: `containerd://${id as string}` }] },
  }) as unknown as KubeObject;
const ALL = [deployment(), storageClass('local-path', true)];

describe('provisionerGap', () => {
  it('returns undefined when the objects match', () => {
    expect(provisionerGap(ALL, ONE, SUM)).toBeUndefined();
    expect(provisionerGap([...ALL, storageClass('other', false)], ONE, SUM)).toBeUndefined();
  });

  it.each<[string, KubeObject[]]>([
    ['the provisioner is not deployed', [storageClass('local-path', true)]],
    [
      'another configuration is deployed',
      [deployment({ metadata: { name: 'local-path-provisioner' } }), ...ALL.slice(1)],
    ],
    ['storage class local-path is missing', [deployment()]],
    ['there are two default storage classes; the other one is other', [...ALL, storageClass('other', true)]],
    [
      'storage class local-path must be recreated',
      [deployment(), storageClass('local-path', true, { reclaimPolicy: 'Retain' })],
    ],
  ])('%s', (gap, found) => {
    expect(provisionerGap(found, ONE, SUM)).toBe(gap);
  });
});

describe('provisioner', () => {
  const GET = /^k3s kubectl get deployments,storageclasses/;
  const APPLY = 'k3s kubectl apply -f -';
  const ROLLOUT = /rollout status deployment\/local-path-provisioner/;
  const SIGN = /annotate --overwrite deployment local-path-provisioner kglab\/manifest=/;
  let stage = new Stage();
  beforeEach(() => {
    stage = new Stage();
    stage
      .on('g1')
      .on(GET, JSON.stringify({ items: [podOn('g2')] }))
      .on(APPLY)
      .on(ROLLOUT)
      .on(SIGN);
    runs('g2', CONTAINER);
  });
  const runs = (machine: string, id: string, state = 'RUNNING') =>
    stage.on(machine).on('k3s ctr tasks list', `TASK    PID    STATUS\n${id}    1234    ${state}\n`);
  const own = () =>
    deployment({
      metadata: {
        name: 'local-path-provisioner',
        annotations: {
          'kglab/manifest': renderProvisioner(templates, ONE, stage.context().images).sum,
        },
      },
    });
  const found = (objects: readonly KubeObject[]) =>
    stage.on('g1').on(GET, JSON.stringify({ items: objects }));

  it('writes the checksum only after the rollout', async () => {
    await deployProvisioner.apply(ONE, stage.context());
    const order = stage
      .ran('g1')
      .map((words) => [GET, /apply -f -/, ROLLOUT, SIGN].findIndex((one) => one.test(words)));
    expect(order.filter((index) => index > 0)).toEqual([1, 2, 3]);
    const { manifest } = renderProvisioner(templates, ONE, stage.context().images);
    expect(stage.calls.find(({ command }) => command.stdin !== undefined)?.command.stdin).toBe(manifest);
  });

  it('removes only the default annotation from a class of others', async () => {
    found([...ALL, storageClass('other', true), storageClass('third', false), podOn('g2')]);
    stage.on('g1').on(/annotate --overwrite storageclass/);
    await deployProvisioner.apply(ONE, stage.context());
    expect(stage.ran('g1').filter((words) => words.includes('storageclass '))).toEqual([
      'k3s kubectl annotate --overwrite storageclass other storageclass.kubernetes.io/is-default-class=false',
    ]);
  });

  it('is satisfied after apply', async () => {
    found([own(), storageClass('local-path', true), podOn('g2')]);
    expect(await deployProvisioner.probe(ONE, stage.context())).toEqual({ state: 'satisfied' });
  });

  const NOT_THERE = 'the provisioner does not run on g2, but Kubernetes still reports it as running';
  it.each<[string, string, () => KubeObject[]]>([
    ['the provisioner has no pod that is ready', 'there is none', () => []],
    ['the provisioner has no pod that is ready', 'it is not ready', () => [podOn('g2', { ready: false })]],
    [
      'the provisioner has no pod that is ready',
      'it was told to go',
      () => [podOn('g2', { deletionTimestamp: '2026-01-01T00:00:00Z' })],
    ],
    [NOT_THERE, 'it is the container of before', () => [podOn('g2', { id: 'ee'.repeat(32) })]],
    [
      NOT_THERE,
      'its container has ended',
      () => {
        runs('g2', CONTAINER, 'STOPPED');
        return [podOn('g2')];
      },
    ],
    [
      NOT_THERE,
      'containerd does not answer',
      () => {
        stage.on('g2').on('k3s ctr tasks list', { exitCode: 1, stderr: 'connection refused' });
        return [podOn('g2')];
      },
    ],
    [
      NOT_THERE,
      'its machine is off',
      () => {
        stage.provider.infos = stage.provider.infos.map((info) =>
          info.name === 'g2' ? { ...info, state: 'stopped' } : info,
        );
        return [podOn('g2')];
      },
    ],
  ])('is pending: %s (%s)', async (because, _why, pods) => {
    found([own(), storageClass('local-path', true), ...pods()]);
    expect(await deployProvisioner.probe(ONE, stage.context())).toEqual({ state: 'pending', because });
  });

  it('believes the cluster about a node that is not a machine of the lab', async () => {
    found([own(), storageClass('local-path', true), podOn('elsewhere')]);
    expect(await deployProvisioner.probe(ONE, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('waits for the new container while the cluster still reports the old one', async () => {
    found([podOn('g2', { id: 'ee'.repeat(32) })]);
    const done = deployProvisioner.apply(ONE, stage.context());
    await stage.clock.advance(5_000);
    expect(stage.ran('g2').length).toBeGreaterThan(3);
    expect(stage.ran('g1').some((words) => SIGN.test(words))).toBe(false);
    found([podOn('g2')]);
    await stage.clock.advance(5_000);
    await done;
    expect(stage.ran('g1').some((words) => SIGN.test(words))).toBe(true);
  });

  it.each<[string, () => void]>([
    [
      'the cluster',
      () => {
        const pods = JSON.stringify({ items: [podOn('g2')] });
        const silent = {
          exitCode: 1,
          stderr: 'Unable to connect to the server: net/http: TLS handshake timeout',
        };
        // The first question comes before the rollout.
        stage.on('g1').on(GET, pods, silent, pods);
      },
    ],
    [
      "the pod's machine",
      () => {
        const away = new CliError('MACHINE_UNREACHABLE', 'Machine g2 does not run.');
        const tasks = `TASK    PID    STATUS\n${CONTAINER}    1234    RUNNING\n`;
        stage.on('g2').on('k3s ctr tasks list', away, tasks);
      },
    ],
  ])('retries when %s does not answer once', async (_who, script) => {
    script();
    const failure = failureOf(deployProvisioner.apply(ONE, stage.context()));
    await stage.clock.advance(5_000);
    expect(await failure).toMatchObject({ message: expect.stringContaining('it did not fail') as string });
    expect(stage.ran('g1').some((words) => SIGN.test(words))).toBe(true);
  });

  it('does not retry after the run is aborted', async () => {
    found([podOn('g2', { id: 'ee'.repeat(32) })]);
    const failure = failureOf(deployProvisioner.apply(ONE, stage.context()));
    await stage.clock.advance(1_000);
    stage.on('g1').on(GET, () => {
      stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
      return { exitCode: 130, signal: 'SIGINT' };
    });
    await stage.clock.advance(2_000);
    expect(await failure).toMatchObject({ code: 'KUBECTL_FAILED' });
    expect(stage.ran('g1').some((words) => SIGN.test(words))).toBe(false);
  });

  it('waits for the pod after the progress deadline of the deployment', async () => {
    const given = 'error: deployment "local-path-provisioner" exceeded its progress deadline\n';
    stage.on('g1').on(ROLLOUT, { exitCode: 1, stderr: given }, { exitCode: 1, stderr: given }, '');
    const done = deployProvisioner.apply(ONE, stage.context());
    await stage.clock.advance(5_000);
    await done;
    expect(stage.ran('g1').filter((words) => ROLLOUT.test(words))).toHaveLength(3);
    expect(stage.ran('g1').some((words) => SIGN.test(words))).toBe(true);
  });

  it('throws PROVISIONER_FAILED with pods and events, and writes no checksum', async () => {
    stage.on('g1').on(ROLLOUT, { exitCode: 1, stderr: 'timed out waiting for the condition' });
    stage.on('g1').on(/get pods -o wide/, 'local-path-provisioner-1 0/1 ImagePullBackOff\n');
    stage.on('g1').on(/get events/, 'Failed to pull image\n');
    const failure = failureOf(deployProvisioner.apply(ONE, stage.context()));
    await stage.clock.advance(300_000);
    const error = (await failure) as CliError;
    expect(error).toMatchObject({ code: 'PROVISIONER_FAILED', exitCode: 70 });
    expect(error.details).toEqual(['local-path-provisioner-1 0/1 ImagePullBackOff', 'Failed to pull image']);
    expect(stage.ran('g1').some((words) => SIGN.test(words))).toBe(false);
  });
});
