import { machineInfo, type StepContext } from '../../engine/context.js';
import { cmd } from '../../exec/command.js';
import type { KubeObject } from '../../kube/kubectl.js';

/** Longest that a machine may take to tell what runs on it (milliseconds). */
const ASK_MS = 20_000;

/** Label of the provisioner's pods in templates/local-path-provisioner.yaml. */
const APP = 'local-path-provisioner';

interface PodStatus {
  readonly containerStatuses?: readonly { readonly ready?: boolean; readonly containerID?: string }[];
}

/** Where the cluster takes the provisioner to run: its node, and the container's id there. */
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
 * What the provisioner's pod lacks, by the word of its machine; undefined when it runs. What Kubernetes says of a pod is
 * what a kubelet reported last: of a machine that was away, that is the container of before, until its kubelet has
 * looked again.
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
    // Of a node that is no machine of the lab, the cluster's word is all there is.
    if (machine === undefined) return undefined;
    if (machine.state === 'running' && (await runs(node, id, context))) return undefined;
  }
  const [first] = places;
  return first === undefined
    ? 'the provisioner has no pod that is ready'
    : `the provisioner does not run on ${first.node}, whatever the cluster was told last`;
};
