import { Files } from '../world/files.js';
import { wakeKeepers } from '../world/keeper-rounds.js';
import { reach } from '../world/network.js';
import type { Sim } from '../world/sim.js';
import { loadedUnit, unitValues } from '../world/unit-file.js';
import { volumeIsLive, volumeNamed } from '../world/volumes.js';
import { glusterdRuns } from './glusterd.js';
import type { SimMachine } from '../world/world.js';

const note = ({ world }: Sim, machine: SimMachine, path: string, line: string): void => {
  const files = new Files(world, machine);
  files.mkdirs('/var/log/glusterfs');
  files.write(`/var/log/glusterfs/${path.slice(1).replaceAll('/', '-')}.log`, `${line}\n`, true);
};

/** Mounts a volume; returns the error, if any. Any of the servers can give the volume file. */
export const mountVolume = (
  sim: Sim,
  machine: SimMachine,
  {
    source,
    path,
    backups,
  }: { readonly source: string; readonly path: string; readonly backups: readonly string[] },
): string | undefined => {
  const { world } = sim;
  const [server = '', name = ''] = source.split(':/');
  const volume = volumeNamed(world, name);
  const giver = [server, ...backups]
    .map((host) => reach(world, machine, host))
    .find((host) => host !== undefined && glusterdRuns(host) && volume && host.volumes.includes(volume.id));
  if (giver === undefined || volume?.status !== 'Started') {
    note(sim, machine, path, `E [glusterfsd-mgmt.c] 0-mgmt: failed to fetch volume file (key:/${name})`);
    return `Mounting glusterfs on ${path} failed.`;
  }
  if (!volumeIsLive(world, machine, volume)) {
    note(
      sim,
      machine,
      path,
      `E [fuse-bridge.c] 0-fuse: first lookup on root failed (Transport endpoint is not connected)`,
    );
    return `Mounting glusterfs on ${path} failed.`;
  }
  new Files(world, machine).mkdirs(path);
  const mounts = machine.running?.mounts;
  if (mounts) mounts[path] = { source, volume: name };
  wakeKeepers(world);
  return undefined;
};

/** Starts a mount unit; returns whether the path is mounted. */
export const startMount = (sim: Sim, machine: SimMachine, unit: string): boolean => {
  const text = loadedUnit(machine, unit);
  const { running } = machine;
  if (text === undefined || running === undefined) return false;
  const [path = ''] = unitValues(text, 'Where');
  const [source = ''] = unitValues(text, 'What');
  const [options = ''] = unitValues(text, 'Options');
  const backups = /backup-volfile-servers=([^,]*)/.exec(options)?.[1]?.split(':') ?? [];
  // systemd goes by the mount table, even if the client is dead.
  const failure = running.mounts[path] ? undefined : mountVolume(sim, machine, { source, path, backups });
  running.units[unit] = { state: failure === undefined ? 'active' : 'failed', restarts: 0 };
  return failure === undefined;
};

/** Stops a mount unit: unmounts its path. */
export const stopMount = ({ world }: Sim, machine: SimMachine, unit: string): void => {
  const [path = ''] = unitValues(loadedUnit(machine, unit) ?? '', 'Where');
  delete machine.running?.mounts[path];
  wakeKeepers(world);
  delete machine.running?.units[unit];
};
