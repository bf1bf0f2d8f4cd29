import { nodeNow } from '../kube/nodes.js';
import { isAvailable, podOf } from '../kube/pods.js';
import { objectNamed, objectsOf, type KubeStore, type KubeObject } from '../world/kube-store.js';
import { UnknownUse, type Call, type Options } from './program.js';

const KINDS: Readonly<Record<string, readonly string[]>> = {
  Node: ['node', 'nodes', 'no'],
  Namespace: ['namespace', 'namespaces', 'ns'],
  Pod: ['pod', 'pods', 'po'],
  PersistentVolumeClaim: ['pvc', 'persistentvolumeclaim', 'persistentvolumeclaims'],
  PersistentVolume: ['pv', 'persistentvolume', 'persistentvolumes'],
  StorageClass: ['sc', 'storageclass', 'storageclasses'],
  Deployment: ['deploy', 'deployment', 'deployments'],
  ConfigMap: ['cm', 'configmap', 'configmaps'],
  Secret: ['secret', 'secrets'],
  Service: ['svc', 'service', 'services'],
  Event: ['event', 'events'],
  Job: ['job', 'jobs'],
};

/** The kind for kubectl's name of a resource. */
export const kindOf = (word: string): string => {
  const found = Object.entries(KINDS).find(([, names]) => names.includes(word.toLowerCase()));
  if (found === undefined) throw new UnknownUse(`kind ${word}`);
  return found[0];
};

/** An object with its current status. */
export const shown = (call: Call, one: KubeObject): KubeObject => {
  const { sim, ...rest } = one;
  if (one.kind === 'Node') {
    const { sim: _inner, ...node } = nodeNow(call.world, call.machine, one);
    return node;
  }
  if (one.kind !== 'Deployment') return rest;
  const wanted = Number(one.spec?.['replicas'] ?? 1);
  const available = isAvailable(call.world, call.machine, one) ? wanted : 0;
  return {
    ...rest,
    status: {
      replicas: wanted,
      ...(available > 0 && { availableReplicas: available, readyReplicas: available }),
    },
  };
};

const eventsOf = (store: KubeStore): string[] =>
  objectsOf(store, 'Pod').flatMap(({ metadata, sim }) =>
    sim?.trouble ? [`pod/${metadata.name}  ${sim.trouble}`] : [],
  );

/** One call of kubectl. */
export interface Ask {
  readonly call: Call;
  readonly store: KubeStore;
  readonly given: Options;
  readonly words: readonly string[];
  /** Undefined = all. */
  readonly namespace: string | undefined;
}

/** Prints an error; returns the exit code. */
export const fail = ({ call }: Ask, message: string): number => {
  call.io.err(`${message}\n`);
  return 1;
};

/** The error for an object that does not exist. */
export const notFound = (ask: Ask, kind: string, name: string): number => {
  if (ask.given.flags.has('ignore-not-found')) return 0;
  return fail(ask, `Error from server (NotFound): ${kind.toLowerCase()}s "${name}" not found`);
};

/** The objects of a kind that match the options. */
export const selected = ({ store, namespace, given, call }: Ask, kind: string): KubeObject[] => {
  const field = given.values['field-selector'];
  const name = field === undefined ? undefined : /^metadata\.name=(\S+)$/.exec(field)?.[1];
  if (field !== undefined && name === undefined) throw new UnknownUse(`--field-selector ${field}`);
  const [label, value] = (given.values['l'] ?? '').split('=');
  return objectsOf(store, kind, namespace)
    .filter(({ metadata }) => name === undefined || metadata.name === name)
    .filter(({ metadata }) => !label || metadata.labels?.[label] === value)
    .map((one) => shown(call, one));
};

/** As {@link selected}, with the pods of deployments, which the simulator does not store. */
const listed = (ask: Ask, kind: string): readonly KubeObject[] => {
  const found = selected(ask, kind);
  if (kind !== 'Pod' || ask.given.values['l'] !== undefined) return found;
  const { call, store, namespace } = ask;
  const deployments = objectsOf(store, 'Deployment', namespace);
  return [...found, ...deployments.map((one) => podOf(call.world, call.machine, one))];
};

/** Nodes as kubectl(1) lists them, without their age. */
const nodeTable = (nodes: readonly KubeObject[]): string => {
  const rows = nodes.map(({ metadata, spec, status }) => {
    const conditions = (status?.['conditions'] ?? []) as readonly { type: string; status: string }[];
    const ready = conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');
    const roles = Object.keys(metadata.labels ?? {}).flatMap(
      (label) => /^node-role\.kubernetes\.io\/(.+)$/.exec(label)?.[1] ?? [],
    );
    const paused = spec?.['unschedulable'] === true ? ',SchedulingDisabled' : '';
    const version = (status?.['nodeInfo'] as { kubeletVersion?: string } | undefined)?.kubeletVersion ?? '';
    return [metadata.name, (ready ? 'Ready' : 'NotReady') + paused, roles.join(',') || '<none>', version];
  });
  const lines = [['NAME', 'STATUS', 'ROLES', 'VERSION'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)) + 3);
  return lines
    .map((line) => `${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('')}\n`)
    .join('');
};

/** The only template that the simulator knows: it has no template engine. */
const CATALOGUE_TEMPLATE = '/usr/local/lib/kglab/catalogue.tmpl';

/** A PV as the catalogue's template prints it: path, name and the whole object. */
const catalogueLine = ({ kind, metadata, spec = {} }: KubeObject): string => {
  const path = (spec['hostPath'] as { path: string } | undefined)?.path;
  if (kind !== 'PersistentVolume' || path === undefined) return '';
  const claim = spec['claimRef'] as { name: string; namespace: string } | undefined;
  const entry = {
    ...{ version: 1, pv: metadata.name, path, volumeType: 'hostPath' },
    ...(claim && { namespace: claim.namespace, claim: claim.name }),
    capacity: (spec['capacity'] as { storage: string } | undefined)?.storage,
    accessModes: spec['accessModes'],
    class: spec['storageClassName'],
    reclaim: spec['persistentVolumeReclaimPolicy'],
    ...{ volumeMode: 'Filesystem', created: metadata.creationTimestamp },
  };
  return `${path}|${metadata.name}|${JSON.stringify(entry)}\n`;
};

const print = (ask: Ask, found: readonly KubeObject[], single: boolean): number => {
  const { call, given } = ask;
  const format = given.values['o'] ?? given.values['output'] ?? '';
  if (format === 'json') {
    if (found.length === 0 && given.flags.has('ignore-not-found') && single) return 0;
    const list = single ? found[0] : { apiVersion: 'v1', kind: 'List', items: found };
    call.io.out(`${JSON.stringify(list)}\n`);
    return 0;
  }
  if (format === `go-template-file=${CATALOGUE_TEMPLATE}`) {
    if (!call.files.exists(CATALOGUE_TEMPLATE))
      return fail(ask, `error: error reading --template ${CATALOGUE_TEMPLATE}`);
    call.io.out(found.map(catalogueLine).join(''));
    return 0;
  }
  if (!['', 'wide', 'name'].includes(format)) throw new UnknownUse(`-o ${format}`);
  if (format !== 'name' && found.length > 0 && found.every(({ kind }) => kind === 'Node'))
    return (call.io.out(nodeTable(found)), 0);
  if (format !== 'name' && found.length > 0) call.io.out('NAME\tKIND\tSTATUS\n');
  for (const { kind, metadata, status } of found) {
    const phase = (status?.['phase'] as string | undefined) ?? '';
    call.io.out(
      format === 'name'
        ? `${kind.toLowerCase()}/${metadata.name}\n`
        : `${metadata.name}\t${kind}\t${phase}\n`,
    );
  }
  return 0;
};

/** `kubectl get` */
export const get = (ask: Ask): number => {
  const [first = '', second] = ask.words;
  if (ask.given.values['raw'] !== undefined) return (ask.call.io.out('ok'), 0);
  if (first === 'events' || first === 'event') {
    for (const line of eventsOf(ask.store)) ask.call.io.out(`${line}\n`);
    return 0;
  }
  const [prefix = '', slashed] = first.split('/');
  const name = slashed ?? second;
  if (name === undefined)
    return print(
      ask,
      first.split(',').flatMap((word) => listed(ask, kindOf(word))),
      false,
    );
  const kind = kindOf(prefix);
  const found = objectNamed(ask.store, kind, name, ask.namespace);
  return found === undefined ? notFound(ask, kind, name) : print(ask, [shown(ask.call, found)], true);
};
