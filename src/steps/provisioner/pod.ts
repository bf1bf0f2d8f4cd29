import { machineInfo, type StepContext } from '../../engine/context.js';
import { cmd } from '../../exec/command.js';
import type { KubeObject } from '../../kube/kubectl.js';

/** Timeout of listing containers (milliseconds). */
const ASK_MS = 20_000;

/** Label of the provisioner's pods in templates/local-path-provisioner.yaml. */
const APP = 'local-path-provisioner';

interface PodStatus {
  readonly containerStatuses?: readonly { readonly ready?: boolean; readonly containerID?: string }[];
}

/** Where the cluster says the pod runs: node and container id; undefined when it is not ready. */
const placeOf = ({ spec, status }: KubeObject): { node: string; id: string } | undefined => {
  const node = spec?.['nodeName'];
  const [container] = (status as PodStatus | undefined)?.containerStatuses ?? [];
  const id = container?.ready === true ? /^\w+:\/\/(\w+)$/.exec(container.containerID ?? '')?.[1] : undefined;
  return typeof node === 'string' && id !== undefined ? { node, id } : undefined;
};

const runs = async (machine: string, id: string, context: StepContext): Promise<boolean> => {
  const tasks = await context.fact(`containers on ${machine}`, () =>
    context
      .machine(machine)
      .exec(cmd('k3s', 'ctr', 'tasks', 'list'), { signal: context.signal, timeoutMs: ASK_MS }),
  );
  return tasks.exitCode === 0 && new RegExp(`^${id}\\s.*\\bRUNNING\\b`, 'm').test(tasks.stdout);
};

/**
 * Why the provisioner does not run; undefined when it does. Asks the machine of the pod, because Kubernetes repeats the
 * kubelet's last report: after a machine restart that is the old container, until the kubelet reports again.
 */
export const podGap = async (
  found: readonly KubeObject[],
  context: StepContext,
): Promise<string | undefined> => {
  const places = found
    .filter(({ kind, metadata }) => kind === 'Pod' && metadata.labels?.['app'] === APP)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap((pod) => placeOf(pod) ?? []);
  for (const { node, id } of places) {
    const machine = await machineInfo(node, context);
    // A node that is not a machine of the lab cannot be asked: believe the cluster.
    if (machine === undefined) return undefined;
    if (machine.state === 'running' && (await runs(node, id, context))) return undefined;
  }
  const [first] = places;
  return first === undefined
    ? 'the provisioner has no pod that is ready'
    : `the provisioner does not run on ${first.node}, but Kubernetes still reports it as running`;
};
