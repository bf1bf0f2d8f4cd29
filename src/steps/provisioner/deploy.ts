import { claimsPath, serverMachine } from '../../config/roles.js';
import { fresh, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { getObjects, kubectl, runKubectl, type KubeObject } from '../../kube/kubectl.js';
import { retryable, waitFor } from '../../util/wait.js';
import { outdatedClasses, straysAmong } from './classes.js';
import { DEFAULT_CLASS, MANIFEST_SUM, renderProvisioner, type ProvisionerInput } from './manifest.js';
import { podGap } from './pod.js';

/** Timeout of the rollout (seconds): a cached image takes seconds, one from a registry minutes. */
const ROLLOUT_S = 240;
/** Pause between two looks (milliseconds): each asks the cluster and a machine. */
const LOOK_EVERY_MS = 1000;

const DEPLOYMENT = 'local-path-provisioner';

const render = async (
  input: ProvisionerInput,
  context: StepContext,
): Promise<{ manifest: string; sum: string }> =>
  renderProvisioner(
    context.templates,
    input,
    context.images,
    straysAmong(await objects(input, context), input),
  );

const objects = (
  { server, namespace }: ProvisionerInput,
  context: StepContext,
): Promise<readonly KubeObject[]> =>
  context.fact('provisioner', () =>
    getObjects(context, server, 'deployments,storageclasses,persistentvolumes,pods', '-n', namespace),
  );

const isDefault = ({ metadata }: KubeObject): boolean => metadata.annotations?.[DEFAULT_CLASS] === 'true';

/** Other default classes: with two defaults, claims without a class may get the wrong one. */
const intruders = (found: readonly KubeObject[], { classes }: ProvisionerInput): readonly string[] =>
  found
    .filter((one) => one.kind === 'StorageClass' && isDefault(one))
    .map(({ metadata }) => metadata.name)
    .filter((name) => !classes.some((one) => one.default && one.name === name));

/** How the deployed objects differ from the wanted ones, in words; undefined when they match. */
export const provisionerGap = (
  found: readonly KubeObject[],
  input: ProvisionerInput,
  sum: string,
): string | undefined => {
  const deployment = found.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === DEPLOYMENT,
  );
  if (deployment === undefined) return 'the provisioner is not deployed';
  if (deployment.metadata.annotations?.[MANIFEST_SUM] !== sum) return 'another configuration is deployed';
  const lost = input.classes.find(
    ({ name }) => !found.some(({ kind, metadata }) => kind === 'StorageClass' && metadata.name === name),
  );
  if (lost) return `storage class ${lost.name} is missing`;
  const [changed] = outdatedClasses(found, input);
  if (changed !== undefined) return `storage class ${changed} must be recreated`;
  const [other] = intruders(found, input);
  return other === undefined ? undefined : `there are two default storage classes; the other one is ${other}`;
};

const evidence = async (
  { server, namespace }: ProvisionerInput,
  context: StepContext,
): Promise<readonly string[]> => {
  const ask = async (...args: string[]): Promise<string> =>
    (await context.machine(server).exec(kubectl(...args), { signal: context.signal, timeoutMs: 20_000 }))
      .stdout;
  const pods = await ask('-n', namespace, 'get', 'pods', '-o', 'wide');
  const events = await ask('-n', namespace, 'get', 'events', '--sort-by=.lastTimestamp');
  return [...pods.split('\n').slice(0, 10), ...events.split('\n').slice(-10)].filter((line) => line !== '');
};

/** Waits until Kubernetes reports the provisioner as available and its container runs. Throws PROVISIONER_FAILED. */
const rollOut = async (input: ProvisionerInput, context: StepContext): Promise<void> => {
  const { clock, signal } = context;
  const end = clock.now() + ROLLOUT_S * 1000;
  const status = ['-n', input.namespace, 'rollout', 'status', `deployment/${DEPLOYMENT}`];
  const now = fresh(context);
  const runs = async (): Promise<true | undefined> => {
    const left = Math.max(1, Math.ceil((end - clock.now()) / 1000));
    const command = kubectl(...status, `--timeout=${left}s`);
    const answer = { signal, timeoutMs: (left + 30) * 1000 };
    // `rollout status` fails at once after the progress deadline, although the pod may still start: try again.
    if ((await context.machine(input.server).exec(command, answer)).exitCode !== 0) return undefined;
    const gap = await objects(input, now)
      .then((found) => podGap(found, now))
      .catch((error: unknown) => retryable(error, signal));
    return gap === undefined ? true : undefined;
  };
  if (await waitFor(runs, { clock, signal, timeoutMs: ROLLOUT_S * 1000, everyMs: LOOK_EVERY_MS })) return;
  throw new CliError('PROVISIONER_FAILED', `The provisioner is not available after ${ROLLOUT_S} s.`, {
    details: await evidence(input, context),
    hint: `See the state of the pods: kglab kubectl -- -n ${input.namespace} describe pods\nA missing image can be added with \`kglab cache add ARCHIVE\`; then run \`kglab up\` again.`,
  });
};

/** The provisioner runs with the lab's configuration, and exactly one storage class is the default. */
export const deployProvisioner = defineStep<ProvisionerInput>({
  kind: 'provisioner.apply',
  inputs: (config) => [
    {
      server: serverMachine(config),
      namespace: config.provisioner.namespace,
      volumes: config.volumes.map((volume) => ({
        name: volume.name,
        path: volume.mount,
        claims: claimsPath(volume),
      })),
      classes: config.classes,
    },
  ],
  title: () => 'Deploy local-path-provisioner and the storage classes',
  needs: ({ server }) => [`k3s.ready:${server}`],
  probe: async (input, context) => {
    const found = await objects(input, context);
    const gap =
      provisionerGap(found, input, (await render(input, context)).sum) ?? (await podGap(found, context));
    return gap === undefined ? satisfied : pending(gap);
  },
  apply: async (input, context) => {
    const { manifest, sum } = await render(input, context);
    const { server, namespace } = input;
    // These fields are immutable, so the class is deleted and created again. Existing PVs keep their policy.
    for (const name of outdatedClasses(await objects(input, context), input))
      await runKubectl(context, server, ['delete', 'storageclass', name, '--ignore-not-found']);
    for (const name of intruders(await objects(input, context), input)) {
      context.say(`storage class ${name} is no longer a default class`);
      await runKubectl(context, server, [
        'annotate',
        '--overwrite',
        'storageclass',
        name,
        `${DEFAULT_CLASS}=false`,
      ]);
    }
    await runKubectl(context, server, ['apply', '-f', '-'], { stdin: manifest });
    await rollOut(input, context);
    // The checksum comes last, so that an interrupted deployment does not count as complete.
    await runKubectl(context, server, [
      '-n',
      namespace,
      'annotate',
      '--overwrite',
      'deployment',
      DEPLOYMENT,
      `${MANIFEST_SUM}=${sum}`,
    ]);
  },
});
