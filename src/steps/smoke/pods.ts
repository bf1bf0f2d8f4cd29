import type { StepContext } from '../../engine/context.js';
import { CliError } from '../../errors/cli-error.js';
import { getObjects, kubectl, type KubeObject } from '../../kube/kubectl.js';
import { fill } from '../../util/template.js';
import { waitFor } from '../../util/wait.js';

/** Where the pods run, and the timeout of each in milliseconds. */
export interface PodsInput {
  readonly server: string;
  readonly namespace: string;
  readonly timeoutMs: number;
}

/** Values for the manifests of the pods. */
export interface SmokePods {
  readonly namespace: string;
  readonly storageClass: string;
  readonly image: string;
  /** Random text that the writer writes and all others must read. */
  readonly proof: string;
  readonly node: string;
}

/** The manifest of the claim and the writer pod. */
export const renderWriter = (
  template: string,
  { namespace, storageClass, image, proof, node }: SmokePods,
): string => fill(template, { namespace, storageClass, image, proof, node });

/** The manifest of the reader pod. */
export const renderReader = (template: string, { namespace, image, proof, node }: SmokePods): string =>
  fill(template, { namespace, image, proof, node });

/** Name of the directory that the provisioner creates for a claim below the mount. */
export const claimDirectory = (volumeName: string, namespace: string, claim: string): string =>
  `${volumeName}_${namespace}_${claim}`;

const phaseOf = (pod: KubeObject | undefined): string =>
  String((pod?.status as { phase?: string } | undefined)?.phase ?? 'missing');

/** Makes the SMOKE_FAILED error, with objects, events and logs as details. */
export const smokeFailure = async (
  input: PodsInput,
  context: StepContext,
  message: string,
): Promise<CliError> => {
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
    hint: `The objects are kept for inspection: kglab kubectl -- -n ${namespace} describe pods\nThen run \`kglab up\` again.`,
  });
};

/** Creates objects; retries until the new namespace has its service account. Throws SMOKE_FAILED. */
export const createObjects = async (
  input: PodsInput,
  context: StepContext,
  manifest: string,
): Promise<void> => {
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
      throw await smokeFailure(
        input,
        context,
        `The smoke test's objects are refused: ${result.stderr.trim()}`,
      );
    },
    { clock: context.clock, signal: context.signal, timeoutMs: 60_000, everyMs: 300 },
  );
};

/** Waits until a pod has succeeded. Throws SMOKE_FAILED when it fails or takes too long. */
export const waitUntilSucceeded = async (
  input: PodsInput,
  context: StepContext,
  pod: string,
): Promise<void> => {
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
  throw await smokeFailure(
    input,
    context,
    done === 'Failed' ? `The ${pod} pod failed.` : `The ${pod} pod is ${phase} after ${timeoutMs / 1000} s.`,
  );
};
