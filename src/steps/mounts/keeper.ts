import type { LabConfig, NodeConfig, VolumeConfig } from '../../config/config.js';
import {
  brickMachines,
  claimBricks,
  claimsPath,
  hasDedicated,
  serverMachine,
  storageNodes,
} from '../../config/roles.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { readFile, writeFile } from '../../guest/files.js';
import { VOLUME_TYPES } from '../../config/volume-types.js';
import { volumeSpec, type Brick } from '../../gluster/volume-spec.js';
import { PATHS } from '../../guest/layout.js';
import { guestProgram, guestScript } from '../../guest/script.js';

/** A volume as its keeper knows it. */
interface KeptVolume {
  readonly name: string;
  /** Where the machine mounts it. */
  readonly mount: string;
  /** Where it mounts the volumes of dedicated claims. */
  readonly claims: string;
  readonly quota: boolean;
  /** Whether claims get dedicated volumes, shaped like this one. */
  readonly dedicated: boolean;
  /** Arguments of `volume create` for the type. */
  readonly shape: readonly string[];
  /** Directories for the bricks of dedicated volumes. */
  readonly places: readonly Brick[];
  /** Machines to mount from, in this order. */
  readonly servers: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

export interface KeeperInput {
  readonly machine: string;
  /** Whether it runs Kubernetes. */
  readonly node: boolean;
  /** Whether it runs the k3s server. */
  readonly server: boolean;
  /** Its rank among the machines that answer requests; undefined when it answers none. */
  readonly rank: number | undefined;
  readonly volumes: readonly KeptVolume[];
}

const runsKubernetes = ({ roles }: NodeConfig): boolean =>
  roles.includes('server') || roles.includes('agent');

/** Where a machine without Kubernetes mounts the volume for its keeper. */
const ownMount = (volume: VolumeConfig): string => `/run/kglab/volumes/${volume.name}`;

/** A storage machine mounts from its own glusterd first; the others are the backup. */
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
 * The k3s server always has a keeper, for the catalogue. With quota or dedicated volumes all machines have one: those
 * with glusterd set quotas and create volumes, and the nodes mount them.
 */
const inputs = (config: LabConfig): readonly KeeperInput[] => {
  const server = serverMachine(config);
  const isAsked = config.volumes.some((volume) => volume.quota || hasDedicated(config, volume));
  const storage = storageNodes(config);
  const nodes = config.nodes.filter((node) => isAsked || node.machine === server);
  return nodes.map((node) => {
    const rank = storage.indexOf(node);
    return {
      machine: node.machine,
      node: runsKubernetes(node),
      server: node.machine === server,
      rank: isAsked && rank >= 0 ? rank : undefined,
      volumes: config.volumes.map((volume) => kept(config, node, volume)),
    };
  });
};

/** Seconds between two rounds: short when helper pods wait for an answer, long for the catalogue alone. */
const everyOf = ({ rank, volumes }: KeeperInput): number =>
  rank === undefined && !volumes.some(({ dedicated }) => dedicated) ? 15 : 1;

const flag = (value: boolean): string => (value ? '1' : '0');

/** The keeper's settings, as shell variables. */
export const renderKeeperEnv = (input: KeeperInput): string =>
  [
    `RANK=${input.rank ?? ''}`,
    `NODE=${flag(input.node)}`,
    `SERVER=${flag(input.server)}`,
    `EVERY=${everyOf(input)}`,
    '',
  ].join('\n');

/**
 * Names and values in turn. No value has a blank in it (lab.yaml refuses them), nor does the keeper expand any. read(1)
 * drops a separator at the very end of a line, so a blank follows it.
 */
const settings = ({ options }: KeptVolume): string =>
  Object.entries(options).flat().join(' ').replace(/\|$/, '| ');

/**
 * The keeper's volumes, one a line: name, mount, claims, quota, dedicated, shape, places of bricks, servers, options.
 * The options come last because only they may contain the separator.
 */
export const renderKeeperTable = ({ volumes }: KeeperInput): string =>
  volumes
    .map((volume) =>
      [
        volume.name,
        volume.mount,
        volume.claims,
        flag(volume.quota),
        flag(volume.dedicated),
        volume.shape.join(' '),
        volume.places.map(({ machine, path }) => `${machine}:${path}`).join(' '),
        volume.servers.join(':'),
        settings(volume),
      ].join('|'),
    )
    .map((line) => `${line}\n`)
    .join('');

interface KeptFile {
  readonly path: string;
  readonly mode: string;
  readonly content: string;
}

const UNIT = 'kglab-keeper.service';

const filesOf = (input: KeeperInput, { templates }: StepContext): readonly KeptFile[] => [
  { path: PATHS.keeper, mode: '0755', content: guestProgram('keeper.sh') },
  { path: PATHS.keeperTemplate, mode: '0644', content: templates['catalogue.tmpl'] ?? '' },
  { path: PATHS.keeperEnv, mode: '0644', content: renderKeeperEnv(input) },
  { path: PATHS.keeperTable, mode: '0644', content: renderKeeperTable(input) },
  { path: PATHS.keeperUnit, mode: '0644', content: templates['kglab-keeper.service'] ?? '' },
];

/** The keeper runs on the machine with the settings of this lab. */
export const runKeeper = defineStep<KeeperInput>({
  kind: 'mounts.keeper',
  inputs,
  target: ({ machine }) => machine,
  title: ({ machine }) => `Install the keeper on ${machine}`,
  needs: ({ machine, node }, { volumes }) =>
    volumes.map(({ name }) => (node ? `mounts.mount:${name}@${machine}` : `gluster.start:${name}`)),
  probe: async (input, context) => {
    const machine = context.machine(input.machine);
    for (const { path, content } of filesOf(input, context)) {
      if ((await readFile(machine, path, { signal: context.signal })) !== content)
        return pending(`${path} is missing or outdated`);
    }
    const { stdout } = await machine.exec(cmd('systemctl', 'is-active', UNIT), { signal: context.signal });
    return stdout.trim() === 'active' ? satisfied : pending('the keeper does not run');
  },
  apply: async (input, context) => {
    const machine = context.machine(input.machine);
    const { signal } = context;
    for (const { path, mode, content } of filesOf(input, context))
      await writeFile(machine, path, content, { mode, signal, where: input.machine, code: 'MOUNT_FAILED' });
    const command = guestScript('mounts.sh', 'restart_unit', UNIT);
    await checked(machine, input.machine, command, {
      code: 'MOUNT_FAILED',
      what: `Starting the keeper on ${input.machine}`,
      hint: `Read the journal of the keeper: kglab exec ${input.machine} -- journalctl -u ${UNIT} -n 30`,
      signal,
    });
  },
});
