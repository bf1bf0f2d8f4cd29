import { pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import { CliError } from '../../errors/cli-error.js';
import { cmd } from '../../exec/command.js';
import { getObjects, kubectl, runKubectl, type KubeObject } from '../../kube/kubectl.js';
import type { StepInputs } from '../../engine/step.js';
import { mapPool } from '../../util/pool.js';
import { waitFor } from '../../util/wait.js';
import { claimDirectory, renderReader, renderWriter, smokeKey } from './render.js';

type Input = StepInputs['smoke.run'];

/** Annotation of the provisioner's deployment: what the last smoke test that passed was good for. */
const PASSED = 'kglab/smoke';
/** Label of the namespace that the smoke test makes, and takes away. */
const OWN = 'kglab/smoke-test';
const CLAIM = 'proof';
/** How long the other nodes may take to see a file: client caches are off, so seconds are generous. */
const SEEN_MS = 20_000;
/** How long the provisioner may take to remove the volume of a deleted claim. */
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

const keyOf = ({ nodes, storageClass }: Input, deployment: KubeObject | undefined): string =>
  smokeKey(nodes, storageClass, (deployment?.metadata as { uid?: string } | undefined)?.uid ?? '');

const phaseOf = (pod: KubeObject | undefined): string =>
  String((pod?.status as { phase?: string } | undefined)?.phase ?? 'missing');

const fail = async (input: Input, context: StepContext, message: string): Promise<CliError> => {
  const { server, namespace } = input;
  const ask = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await context
      .machine(server)
      .exec(kubectl('-n', namespace, ...args), { signal: context.signal, timeoutMs: 20_000 });
    return stdout.split('\n').filter((line) => line !== '');
  };
  const [objects, events, logs] = [
    await ask('get', 'pvc,pods', '-o', 'wide'),
    await ask('get', 'events'),
    [...(await ask('logs', 'writer', '--tail=5')), ...(await ask('logs', 'reader', '--tail=5'))],
  ];
  return new CliError('SMOKE_FAILED', message, {
    details: [...objects, ...events.slice(-12), ...logs],
    hint: `Everything is kept for a look: kglab kubectl -- -n ${namespace} describe pods\nThen run \`kglab up\` again.`,
  });
};

/** Creates objects, trying again while the namespace is too young to have its service account. */
const create = async (input: Input, context: StepContext, manifest: string): Promise<void> => {
  await waitFor(
    async () => {
      const result = await context
        .machine(input.server)
        .exec(
          { ...kubectl('apply', '-f', '-'), stdin: manifest },
          { signal: context.signal, timeoutMs: 60_000 },
        );
      if (result.exitCode === 0) return true;
      if (/serviceaccount "default" not found|error looking up service account/.test(result.stderr))
        return undefined;
      throw await fail(input, context, `The smoke test's objects are refused: ${result.stderr.trim()}`);
    },
    { clock: context.clock, signal: context.signal, timeoutMs: 60_000, everyMs: 300 },
  );
};

const succeeded = async (input: Input, context: StepContext, pod: string): Promise<void> => {
  const { clock, signal } = context;
  const { server, namespace, timeoutMs } = input;
  let phase = 'missing';
  const done = await waitFor(
    async () => {
      phase = phaseOf((await getObjects(context, server, 'pod', pod, '-n', namespace))[0]);
      return phase === 'Succeeded' || phase === 'Failed' ? phase : undefined;
    },
    { clock, signal, timeoutMs, everyMs: 300 },
  );
  if (done === 'Succeeded') return;
  throw await fail(
    input,
    context,
    done === 'Failed' ? `The ${pod} pod failed.` : `The ${pod} pod is ${phase} after ${timeoutMs / 1000} s.`,
  );
};

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
  if (!seen) throw await fail(input, context, `Node ${node} does not see what the pod wrote: ${file}`);
  context.say(`${node} reads the proof`);
};

/** Throws SMOKE_FAILED for a namespace that the smoke test did not make: it would be deleted with all that is in it. */
const assertOwn = async ({ server, namespace }: Input, context: StepContext): Promise<void> => {
  const [found] = await getObjects(context, server, 'namespace', namespace);
  if (found === undefined || found.metadata.labels?.[OWN] !== undefined) return;
  throw new CliError(
    'SMOKE_FAILED',
    `There is a namespace ${namespace} that the smoke test did not make; it is left alone.`,
    {
      hint: `Choose another smoke.namespace in lab.yaml, or delete it if nothing in it is of use: kglab kubectl -- delete namespace ${namespace}`,
    },
  );
};

/** Pods and claim go first and by name: left to the namespace's own deletion they take turns with its back-off. */
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
  throw new CliError('SMOKE_FAILED', `The smoke test's objects are not gone after ${GONE_MS / 1000} s.`, {
    hint: 'See what holds them: kglab kubectl -- get pv,ns. Then run `kglab up` again.',
  });
};

const prove = async (input: Input, context: StepContext): Promise<void> => {
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
  await create(
    input,
    context,
    renderWriter(context.templates['smoke-writer.yaml'] ?? '', { ...base, node: last }),
  );
  await succeeded(input, context, 'writer');
  context.say(`a pod on ${last} wrote the proof`);
  const [claim] = await getObjects(context, server, 'pvc', CLAIM, '-n', namespace);
  const volume = String((claim?.spec as { volumeName?: string } | undefined)?.volumeName);
  const file = `${path}/${claimDirectory(volume, namespace, CLAIM)}/proof`;
  const reader = renderReader(context.templates['smoke-reader.yaml'] ?? '', {
    ...base,
    node: nodes[0] ?? server,
  });
  await create(input, context, reader);
  await mapPool(nodes, 4, (node) => seenBy(node, file, proof, input, context));
  await succeeded(input, context, 'reader');
  context.say(`a pod on ${nodes[0] ?? server} read it back`);
  // An empty directory is removed for good with its claim; one with data would go to the quarantine.
  await context.machine(server).exec(cmd('rm', '-f', file), { signal: context.signal, timeoutMs: 15_000 });
  await cleanUp(input, context, volume);
};

/** A pod's data is read back on every node from the mount, and by a pod of another node; then all is removed. */
export const smokeHandler: StepHandler<'smoke.run'> = {
  probe: async (input, context) => {
    const deployment = await provisioner(input.server, context);
    const passed = deployment?.metadata.annotations?.[PASSED];
    return passed === keyOf(input, deployment) ? satisfied : pending('this cluster has not been proven yet');
  },
  apply: async (input, context) => {
    const deployment = await provisioner(input.server, context);
    await assertOwn(input, context);
    await cleanUp(input, context, undefined);
    await prove(input, context);
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
};
