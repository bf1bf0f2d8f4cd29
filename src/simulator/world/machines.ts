import type { MachineSpec } from '../../machines/provider.js';
import type { SimMachine, SimWorld, Tree } from './world.js';

/** A new address: no machine of this world ever had it. */
export const freeAddress = (world: SimWorld): string => {
  world.counter += 1;
  const { counter } = world;
  return `10.213.${Math.floor(counter / 200) % 250}.${(counter % 200) + 10}`;
};

const file = (text: string) => ({ kind: 'file', text, mode: '0644' }) as const;

/** A new machine, with the folders kept from an earlier one of the same name. */
export const newMachine = (world: SimWorld, spec: MachineSpec): SimMachine => {
  const { disk = {}, peers = {}, volumes = [] } = world.kept[spec.name] ?? {};
  delete world.kept[spec.name];
  return {
    spec,
    address: freeAddress(world),
    boots: 0,
    disk: {
      ...disk,
      '/etc/hostname': file(`${spec.name}\n`),
      '/etc/hosts': file(`127.0.0.1 localhost\n127.0.1.1 ${spec.name}\n`),
    },
    ...{ packages: [], journal: [], running: undefined, peers, volumes },
  };
};

const below = (disk: Tree, folder: string): Tree => {
  const inside = Object.entries(disk).filter(([path]) => path === folder || path.startsWith(`${folder}/`));
  const above: Tree = {};
  for (let at = folder.lastIndexOf('/'); at > 0; at = folder.lastIndexOf('/', at - 1))
    above[folder.slice(0, at)] = { kind: 'dir', text: '', mode: '0755' };
  return { ...above, ...Object.fromEntries(inside) };
};

/** Keeps folders of a machine for the next one of its name; glusterd's state goes with its folder. */
export const keepFolders = (world: SimWorld, name: string, folders: readonly string[]): void => {
  const machine = world.machines[name];
  if (machine === undefined) return;
  const disk = Object.assign({}, ...folders.map((folder) => below(machine.disk, folder))) as Tree;
  const knows = folders.includes('/var/lib/glusterd');
  world.kept[name] = { disk, peers: knows ? machine.peers : {}, volumes: knows ? machine.volumes : [] };
};

/** Deletes volumes that no machine and no kept folder knows. */
export const forgetVolumes = (world: SimWorld): void => {
  const knowing = [...Object.values(world.machines), ...Object.values(world.kept)];
  for (const id of Object.keys(world.volumes))
    if (!knowing.some(({ volumes }) => volumes.includes(id))) delete world.volumes[id];
};
