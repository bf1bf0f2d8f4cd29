import type { LabConfig, NodeConfig, VolumeConfig } from './config.js';

/** Machine, host and Kubernetes node name of a node. */
export const machineName = (lab: string, node: string): string => `${lab}-${node}`;

/** The node with this short name or machine name. */
export const findNode = (config: Pick<LabConfig, 'nodes'>, nameOrMachine: string): NodeConfig | undefined =>
  config.nodes.find(({ name, machine }) => name === nameOrMachine || machine === nameOrMachine);

/** Nodes that run k3s, the server first. */
export const kubernetesNodes = ({ nodes }: LabConfig): readonly NodeConfig[] => [
  ...nodes.filter(({ roles }) => roles.includes('server')),
  ...nodes.filter(({ roles }) => roles.includes('agent') && !roles.includes('server')),
];

/** Nodes that carry bricks. */
export const storageNodes = ({ nodes }: LabConfig): readonly NodeConfig[] =>
  nodes.filter(({ roles }) => roles.includes('storage'));

/** The machine of the k3s server. Validation guarantees that there is one. */
export const serverMachine = (config: LabConfig): string => {
  const [server] = kubernetesNodes(config);
  if (server === undefined) throw new Error('a lab without a server passed validation');
  return server.machine;
};

/** The machine that Gluster commands run on: the first storage node. */
export const glusterMachine = (config: LabConfig): string => {
  const [first] = storageNodes(config);
  if (first === undefined) throw new Error('a lab without storage nodes passed validation');
  return first.machine;
};

/** The machines of a volume's bricks, in brick order. */
export const brickMachines = ({ nodes }: LabConfig, volume: VolumeConfig): readonly string[] =>
  volume.nodes.map((name) => {
    const node = nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new Error(`volume ${volume.name} has the unknown node ${name}`);
    return node.machine;
  });

/** Where every node mounts the dedicated volumes; no volume has this path, because their names have no dot. */
export const claimsPath = ({ mount }: Pick<VolumeConfig, 'mount'>): string => `${mount}.claims`;

/** The directory for bricks of dedicated volumes; no volume has this path, because their names have no dot. */
export const claimBricks = ({ brick }: Pick<VolumeConfig, 'brick'>): string =>
  `${brick.slice(0, brick.lastIndexOf('/'))}/.claims`;

/** Whether a dedicated class uses this volume as its model. */
export const hasDedicated = ({ classes }: LabConfig, { name }: VolumeConfig): boolean =>
  classes.some(({ mode, volume }) => mode === 'dedicated' && volume === name);
