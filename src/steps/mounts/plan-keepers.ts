import type { LabConfig, NodeConfig, VolumeConfig } from '../../config/config.js';
import {
  brickMachines,
  claimBricks,
  claimsPath,
  hasDedicated,
  serverMachine,
  storageNodes,
} from '../../config/roles.js';
import type { KeptVolume } from '../../engine/kinds.js';
import { step } from '../../engine/make-step.js';
import type { Step } from '../../engine/step.js';
import { VOLUME_TYPES } from '../../config/volume-types.js';
import { volumeSpec } from '../../gluster/volume-spec.js';

const runsKubernetes = ({ roles }: NodeConfig): boolean =>
  roles.includes('server') || roles.includes('agent');

/** Where a machine that mounts nothing for pods mounts what its keeper needs. */
const ownMount = (volume: VolumeConfig): string => `/run/kglab/volumes/${volume.name}`;

/** A storage machine asks its own glusterd first; the others are its backup. */
const servers = (
  config: LabConfig,
  { machine, roles }: NodeConfig,
  volume: VolumeConfig,
): readonly string[] => {
  const others = brickMachines(config, volume).filter((name) => name !== machine);
  return roles.includes('storage') ? ['localhost', ...others] : others;
};

const kept = (config: LabConfig, node: NodeConfig, volume: VolumeConfig): KeptVolume => {
  const spec = volumeSpec(config, volume);
  return {
    name: volume.name,
    mount: runsKubernetes(node) ? volume.mount : ownMount(volume),
    claims: claimsPath(volume),
    quota: volume.quota,
    dedicated: hasDedicated(config, volume),
    shape: VOLUME_TYPES[spec.type].createWords(spec),
    places: spec.bricks.map(({ machine }) => ({ machine, path: claimBricks(volume) })),
    servers: servers(config, node, volume),
    options: spec.options,
  };
};

/**
 * The keeper of the catalogue on the server; on all machines when there are size limits to set or volumes of single
 * claims to make, as the machines with glusterd set and make them, and the nodes mount them.
 */
export const planKeepers = (config: LabConfig): readonly Step[] => {
  const server = serverMachine(config);
  const isAsked = config.volumes.some((volume) => volume.quota || hasDedicated(config, volume));
  const storage = storageNodes(config);
  const nodes = config.nodes.filter((node) => isAsked || node.machine === server);
  return nodes.map((node) => {
    const { machine } = node;
    const rank = storage.indexOf(node);
    const needs = runsKubernetes(node)
      ? config.volumes.map(({ name }) => `mounts.mount:${name}@${machine}`)
      : config.volumes.map(({ name }) => `gluster.start:${name}`);
    return step('mounts.keeper', machine, `Keep the catalogue of volumes on ${machine}`, needs, {
      machine,
      node: runsKubernetes(node),
      server: machine === server,
      rank: isAsked && rank >= 0 ? rank : undefined,
      volumes: config.volumes.map((volume) => kept(config, node, volume)),
    });
  });
};
