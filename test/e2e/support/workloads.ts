import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { TestLab } from './kglab.js';

/** The busybox image on every node of the lab; nothing can be pulled. Waits until the kubelet reports its images. */
export const busyboxOf = (lab: TestLab): Promise<string> =>
  lab.found('the first node has a busybox', async () => {
    const names = await lab.kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].status.images[*].names[*]}');
    return names.split(/\s+/).find((name) => /busybox:/.test(name));
  });

/** Shell line of a pod that writes a word to /data/f, repeats that until the volume accepts it, and then sleeps. */
export const writes = (word: string): string =>
  `until echo ${word} > /data/f; do sleep 1; done; sleep 1000000`;

/** Applies objects with kubectl from one file on the host. */
export const apply = async (lab: TestLab, ...objects: readonly object[]): Promise<string> => {
  const file = join(lab.dir, `${randomBytes(4).toString('hex')}.yaml`);
  await writeFile(file, objects.map((object) => stringify(object)).join('---\n'));
  return lab.kubectl('apply', '-f', file);
};

export interface ClaimOptions {
  readonly namespace?: string;
  readonly class?: string;
  readonly size?: string;
  readonly mode?: string;
  readonly volume?: string;
}

/** A claim; without a class it gets the default one. */
export const claim = (name: string, options: ClaimOptions = {}): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: options.namespace ?? 'default' },
  spec: {
    accessModes: [options.mode ?? 'ReadWriteOnce'],
    ...(options.class !== undefined && { storageClassName: options.class }),
    ...(options.volume !== undefined && { volumeName: options.volume }),
    resources: { requests: { storage: options.size ?? '16Mi' } },
  },
});

export interface PodOptions {
  readonly namespace?: string;
  readonly image: string;
  readonly claim: string;
  readonly mountPath?: string;
  /** Shell line to run; sleeps by default. */
  readonly run?: string;
  readonly node?: string;
}

const podSpec = ({
  image,
  claim: name,
  mountPath = '/data',
  run = 'sleep 1000000',
  node,
}: PodOptions): object => ({
  // With 0 the API server forgets a deleted pod at once, while its containers still run and write.
  terminationGracePeriodSeconds: 1,
  automountServiceAccountToken: false,
  ...(node !== undefined && { nodeSelector: { 'kubernetes.io/hostname': node } }),
  containers: [
    {
      name: 'main',
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', run],
      volumeMounts: [{ name: 'data', mountPath }],
    },
  ],
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
});

/** A pod with a claim mounted at /data. */
export const pod = (name: string, options: PodOptions): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: options.namespace ?? 'default' },
  spec: podSpec(options),
});

/** A Deployment of pods with one claim; `strategy` Recreate as for databases. */
export const deployment = (
  name: string,
  { replicas = 1, strategy = 'Recreate', ...options }: PodOptions & { replicas?: number; strategy?: string },
): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: options.namespace ?? 'default' },
  spec: {
    replicas,
    strategy: { type: strategy },
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: podSpec(options) },
  },
});

/** A namespace. */
export const namespace = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** Waits until a new namespace has its default service account; pods need it. */
export const serviceAccount = (lab: TestLab, space: string): Promise<void> =>
  lab.until(
    `namespace ${space} has its service account`,
    async () =>
      (await lab.run('kubectl', '--', '-n', space, 'get', 'serviceaccount', 'default')).exitCode === 0,
  );

/** Waits until pods chosen by `selector` (a name, or -l app=…) are ready. */
export const ready = (lab: TestLab, ...selector: readonly string[]): Promise<string> =>
  lab.kubectl('wait', '--for=condition=Ready', '--timeout=240s', 'pod', ...selector);

/** Replaces the cluster by a new, empty one; Gluster and its volumes stay. */
export const newCluster = async (lab: TestLab): Promise<void> => {
  await lab.ok('rebuild', '--k3s-only', '--yes');
};
