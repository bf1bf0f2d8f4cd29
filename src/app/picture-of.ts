import type { LabConfig, NodeConfig, VolumeConfig } from '../config/config.js';
import { VOLUME_TYPES } from '../config/volume-types.js';
import type { Health, LabPicture, PictureNode, PictureVolume } from '../report/lab-picture.js';
import type { LabRecord } from '../lab/lab-store.js';
import type { Observed } from './observe.js';

const health = (good: boolean | undefined, known: boolean): Health =>
  !known ? 'unknown' : good ? 'good' : 'bad';

const kubernetesState = ({ machine, roles }: NodeConfig, seen: Observed | undefined): string | undefined => {
  if (!roles.includes('server') && !roles.includes('agent')) return undefined;
  const node = seen?.nodes?.find(({ name }) => name === machine);
  if (node === undefined) return undefined;
  return node.ready ? 'Ready' : 'NotReady';
};

const drawNode = (config: LabConfig, node: NodeConfig, seen: Observed | undefined): PictureNode => {
  const found = seen?.machines.find(({ name }) => name === node.machine);
  const runs = found?.state === 'running';
  const isKubernetes = node.roles.includes('server') || node.roles.includes('agent');
  const online = (volume: VolumeConfig): boolean | undefined =>
    seen?.processes[volume.name]?.some(
      ({ host, path, online: up }) => host === node.machine && path === volume.brick && up,
    );
  return {
    name: node.machine,
    roles: node.roles,
    address: found?.address,
    machine: seen === undefined ? undefined : found?.state,
    kubernetes: kubernetesState(node, seen),
    bricks: config.volumes
      .filter(({ nodes }) => nodes.includes(node.name))
      .map((volume) => ({
        volume: volume.name,
        path: volume.brick,
        health: runs ? health(online(volume), seen?.volumes !== undefined) : seen ? 'off' : 'unknown',
        arbiter: VOLUME_TYPES[volume.type].isArbiter(
          volume.nodes.indexOf(node.name) % volume.replica,
          volume,
        ),
      })),
    mounts: !isKubernetes
      ? []
      : config.volumes.map(({ name, mount }) => ({
          volume: name,
          path: mount,
          health: runs
            ? health(seen?.mounted.has(`${node.machine}:${mount}`), true)
            : seen
              ? 'off'
              : 'unknown',
        })),
  };
};

const drawVolume = (volume: VolumeConfig, seen: Observed | undefined): PictureVolume => {
  const found = seen?.volumes?.find(({ name }) => name === volume.name);
  // Count bricks only, not the volume's daemons.
  const up =
    seen?.processes[volume.name]?.filter(({ path, online }) => online && path === volume.brick).length ?? 0;
  return {
    name: volume.name,
    type: VOLUME_TYPES[volume.type].label(volume, volume.nodes.length),
    state:
      seen?.volumes === undefined
        ? undefined
        : found === undefined
          ? 'missing'
          : found.started
            ? 'Started'
            : 'Stopped',
    health: health(found?.started === true && up >= volume.nodes.length, seen?.volumes !== undefined),
    mount: volume.mount,
  };
};

/** The lab for drawing: as observed, or as planned if `seen` is undefined. */
export const pictureOf = (
  record: Pick<LabRecord, 'name' | 'config'> & { readonly provider: string },
  seen: Observed | undefined,
  facts: readonly string[] = [],
): LabPicture => ({
  name: record.name,
  facts: [record.provider, ...facts],
  nodes: record.config.nodes.map((node) => drawNode(record.config, node, seen)),
  volumes: record.config.volumes.map((volume) => drawVolume(volume, seen)),
  classes: record.config.classes.map(({ name, volume, default: isDefault, reclaim }) => ({
    name,
    volume,
    default: isDefault,
    reclaim,
  })),
});
