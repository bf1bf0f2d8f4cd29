import type { LabConfig } from '../../config/config.js';
import { kubernetesNodes, serverMachine } from '../../config/roles.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { cmd } from '../../exec/command.js';
import { getObjects, runKubectl, type KubeObject } from '../../kube/kubectl.js';
import { shortSum } from '../../util/checksum.js';
import { mapPool } from '../../util/pool.js';
import { waitFor } from '../../util/wait.js';
import {
  claimDirectory,
  createObjects,
  renderReader,
  renderWriter,
  smokeFailure,
  waitUntilSucceeded,
  type PodsInput,
} from './pods.js';

interface Input extends PodsInput {
  readonly nodes: readonly string[];
  readonly storageClass: string;
  /** Where every node mounts the volume of the class. */
  readonly path: string;
}

/** One smoke test, with the default class if it is a shared one; none without a shared class, or when it is off. */
const inputs = (config: LabConfig): readonly Input[] => {
  const shared = config.classes.filter(({ mode }) => mode === 'shared');
  const storageClass = shared.find((candidate) => candidate.default) ?? shared[0];
  const volume = config.volumes.find(({ name }) => name === storageClass?.volume);
  if (!config.smoke.enabled || storageClass === undefined || volume === undefined) return [];
  return [
    {
      server: serverMachine(config),
      namespace: config.smoke.namespace,
      nodes: kubernetesNodes(config).map(({ machine }) => machine),
      storageClass: storageClass.name,
      path: volume.mount,
      timeoutMs: config.smoke.timeoutSeconds * 1000,
    },
  ];
};

/** Annotation of the provisioner's deployment with the {@link smokeKey} of the last test that passed. */
const PASSED = 'kglab/smoke';
/** Label of the smoke test's namespace, which says that it may be deleted. */
const OWN = 'kglab/smoke-test';
const CLAIM = 'proof';
/** Timeout until other nodes see a file (milliseconds); client caches are off, so it is generous. */
const SEEN_MS = 20_000;
/** Timeout until deleted objects are gone (milliseconds). */
const GONE_MS = 120_000;

const provisioner = (server: string, context: StepContext): Promise<KubeObject | undefined> =>
  context.fact(
    'provisioner deployment',
    async () =>
      (
        await getObjects(
          context,
          server,
          'deployments',
          '--all-namespaces',
          '--field-selector',
          'metadata.name=local-path-provisioner',
        )
      )[0],
  );

/** Identifies what was tested: nodes, class and provisioner deployment. */
export const smokeKey = (nodes: readonly string[], storageClass: string, deploymentUid: string): string =>
  shortSum(JSON.stringify([nodes, storageClass, deploymentUid]));

const keyOf = ({ nodes, storageClass }: Input, deployment: KubeObject | undefined): string =>
  smokeKey(nodes, storageClass, (deployment?.metadata as { uid?: string } | undefined)?.uid ?? '');

const seenBy = async (
  node: string,
  file: string,
  proof: string,
  input: Input,
  context: StepContext,
): Promise<void> => {
  const { clock, signal } = context;
  const seen = await waitFor(
    async () => {
      const { stdout } = await context.machine(node).exec(cmd('cat', file), { signal, timeoutMs: 15_000 });
      return stdout.trim() === proof ? true : undefined;
    },
    { clock, signal, timeoutMs: SEEN_MS },
  );
  if (!seen)
    throw await smokeFailure(input, context, `Node ${node} cannot read the test file of the pod: ${file}`);
  context.say(`${node} can read the test file`);
};

/** Throws SMOKE_FAILED for a namespace that the smoke test did not create, because it would delete it. */
const assertOwn = async ({ server, namespace }: Input, context: StepContext): Promise<void> => {
  const [found] = await getObjects(context, server, 'namespace', namespace);
  if (found === undefined || found.metadata.labels?.[OWN] !== undefined) return;
  throw new CliError(
    'SMOKE_FAILED',
    `Namespace ${namespace} exists and was not created by the smoke test; not touched.`,
    {
      hint: `Choose another smoke.namespace in lab.yaml, or delete this namespace if you do not need its content: kglab kubectl -- delete namespace ${namespace}`,
    },
  );
};

/** Deletes pods and claim by name before the namespace, whose own deletion of them is slow (back-off). */
const cleanUp = async (
  { server, namespace }: Input,
  context: StepContext,
  volume: string | undefined,
): Promise<void> => {
  const at = ['-n', namespace, '--ignore-not-found', '--wait=false'];
  if (volume !== undefined) {
    await runKubectl(context, server, ['delete', 'pod/writer', 'pod/reader', `pvc/${CLAIM}`, '--now', ...at]);
    await gone(context, () => getObjects(context, server, 'pv', volume));
  }
  await runKubectl(context, server, ['delete', 'namespace', ...at.slice(2), namespace]);
  await gone(context, () => getObjects(context, server, 'namespace', namespace));
};

const gone = async (context: StepContext, look: () => Promise<readonly KubeObject[]>): Promise<void> => {
  const { clock, signal } = context;
  const empty = async (): Promise<true | undefined> => ((await look()).length === 0 ? true : undefined);
  if (await waitFor(empty, { clock, signal, timeoutMs: GONE_MS, everyMs: 500 })) return;
  throw new CliError(
    'SMOKE_FAILED',
    `Kubernetes did not delete the smoke test's objects within ${GONE_MS / 1000} s.`,
    {
      hint: 'See which objects remain: kglab kubectl -- get pv,ns\nThen run `kglab up` again.',
    },
  );
};

const writeAndRead = async (input: Input, context: StepContext): Promise<void> => {
  const { server, namespace, storageClass, nodes, path } = input;
  const proof = context.random(16);
  const base = { namespace, storageClass, image: context.images.smoke, proof };
  const last = nodes.at(-1) ?? server;
  const home = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { [OWN]: 'true' } },
  };
  await runKubectl(context, server, ['apply', '-f', '-'], { stdin: JSON.stringify(home) });
  await createObjects(
    input,
    context,
    renderWriter(context.templates['smoke-writer.yaml'] ?? '', { ...base, node: last }),
  );
  await waitUntilSucceeded(input, context, 'writer');
  context.say(`a pod on ${last} wrote the test file`);
  const [claim] = await getObjects(context, server, 'pvc', CLAIM, '-n', namespace);
  const volume = String((claim?.spec as { volumeName?: string } | undefined)?.volumeName);
  const file = `${path}/${claimDirectory(volume, namespace, CLAIM)}/proof`;
  const reader = renderReader(context.templates['smoke-reader.yaml'] ?? '', {
    ...base,
    node: nodes[0] ?? server,
  });
  await createObjects(input, context, reader);
  await mapPool(nodes, 4, (node) => seenBy(node, file, proof, input, context));
  await waitUntilSucceeded(input, context, 'reader');
  context.say(`a pod on ${nodes[0] ?? server} read the test file`);
  // Remove the file: the provisioner deletes an empty directory, but moves one with data to the quarantine.
  await context.machine(server).exec(cmd('rm', '-f', file), { signal: context.signal, timeoutMs: 15_000 });
  await cleanUp(input, context, volume);
};

/** What a pod writes was read on every node from the mount and by a pod of another node. Throws SMOKE_FAILED. */
export const smokeTest = defineStep<Input>({
  kind: 'smoke.run',
  inputs,
  title: () => 'Run the smoke test',
  needs: ({ nodes }) => ['provisioner.apply', ...nodes.map((machine) => `k3s.ready:${machine}`)],
  probe: async (input, context) => {
    const deployment = await provisioner(input.server, context);
    const passed = deployment?.metadata.annotations?.[PASSED];
    return passed === keyOf(input, deployment) ? satisfied : pending('the smoke test has not passed yet');
  },
  apply: async (input, context) => {
    const deployment = await provisioner(input.server, context);
    await assertOwn(input, context);
    await cleanUp(input, context, undefined);
    await writeAndRead(input, context);
    const namespace = deployment?.metadata.namespace ?? '';
    await runKubectl(context, input.server, [
      '-n',
      namespace,
      'annotate',
      '--overwrite',
      'deployment',
      'local-path-provisioner',
      `${PASSED}=${keyOf(input, deployment)}`,
    ]);
  },
});
