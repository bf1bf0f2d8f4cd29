import type { FileNode, SimMachine, SimWorld } from '../world/world.js';

const FOLDER = '/var/lib/glusterd';

const dir: FileNode = { kind: 'dir', text: '', mode: '0755' };

const peerFile = (uuid: string, names: readonly string[]): string =>
  [`uuid=${uuid}`, 'state=3', ...names.map((name, index) => `hostname${index + 1}=${name}`), ''].join('\n');

const below = ({ disk }: SimMachine, folder: string): string[] =>
  Object.keys(disk).filter((path) => path.startsWith(`${FOLDER}/${folder}/`));

/** Writes glusterd's state to disk, as glusterd does: a file for each peer, a folder for each volume. */
export const saveState = (world: SimWorld, machine: SimMachine): void => {
  const { disk, peers, volumes } = machine;
  const wanted = new Map<string, FileNode>([
    ...Object.entries(peers).map(
      ([uuid, { names }]) =>
        [`${FOLDER}/peers/${uuid}`, { kind: 'file', text: peerFile(uuid, names), mode: '0600' }] as const,
    ),
    ...volumes.flatMap((id) => {
      const name = world.volumes[id]?.name;
      return name === undefined ? [] : [[`${FOLDER}/vols/${name}`, dir] as const];
    }),
  ]);
  for (const path of [...below(machine, 'peers'), ...below(machine, 'vols')])
    if (!wanted.has(path)) delete disk[path];
  for (const [path, node] of wanted) if (disk[path]?.text !== node.text) disk[path] = node;
};

/** Reads glusterd's state from disk, when it starts: the files may have changed. */
export const loadState = (world: SimWorld, machine: SimMachine): void => {
  for (const uuid of Object.keys(machine.peers)) delete machine.peers[uuid];
  for (const path of below(machine, 'peers')) {
    const text = machine.disk[path]?.text ?? '';
    const uuid = /^uuid=(\S+)$/m.exec(text)?.[1];
    const names = [...text.matchAll(/^hostname\d+=(\S+)$/gm)].map(([, name]) => name as string);
    if (uuid !== undefined) machine.peers[uuid] = { names, since: world.time };
  }
  const kept = below(machine, 'vols').map((path) => path.slice(`${FOLDER}/vols/`.length));
  machine.volumes = Object.values(world.volumes)
    .filter(({ name }) => kept.includes(name))
    .map(({ id }) => id);
};
