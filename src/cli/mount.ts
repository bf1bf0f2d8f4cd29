import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { brickMachines } from '../config/roles.js';
import { CliError } from '../errors/cli-error.js';
import type { LabFlags } from './support/flags.js';
import type { Session } from './support/session.js';
import { assertRealMachines } from '../lab/rehearsal.js';
import { openKnownLab } from './support/open-world.js';
import { stdout } from './support/streams.js';
import { labMounts, mountPlace } from '../app/host-mounts.js';
import { mountOnHost, unmountOnHost } from '../volumes/host-mount.js';

/** The path without symbolic links, as in /proc/mounts; its last parts need not exist. */
const realPath = async (path: string): Promise<string> => {
  const whole = resolve(path);
  return realpath(whole).catch(async () => join(await realPath(dirname(whole)), basename(whole)));
};

const needsRoot = (path: string): CliError =>
  new CliError('HOST_NOT_ROOT', 'Only root may mount.', {
    hint: `Run the command with sudo: sudo kglab mount ${path}`,
  });

/** `kglab mount` */
export const mountCommand = async (
  session: Session,
  path: string,
  flags: LabFlags & { volume?: string },
): Promise<void> => {
  const isRoot = process.getuid?.() === 0;
  // Only root may see the labs of root; but sudo does not help with a simulated one.
  const lab = await openKnownLab(session, flags, { what: 'mount' }).catch((error: unknown) => {
    throw isRoot ? error : needsRoot(path);
  });
  assertRealMachines(lab);
  if (!isRoot) throw needsRoot(path);
  const { config, provider, signal } = lab;
  const volume = config.volumes.find(({ name }) => name === (flags.volume ?? config.volumes[0]?.name));
  if (volume === undefined)
    throw new CliError('USAGE', `Lab ${lab.name} has no volume ${flags.volume ?? ''}.`, {
      hint: `Volumes of this lab: ${config.volumes.map(({ name }) => name).join(', ')}`,
    });
  const machines = await provider.list({ signal });
  const mount = { volume: volume.name, path: await realPath(path) };
  await mountOnHost(mount, mountPlace(lab), machines, brickMachines(config, volume));
  stdout.write(`volume ${volume.name} is mounted at ${mount.path}\n`);
};

/** `kglab umount` */
export const umountCommand = async (
  session: Session,
  path: string | undefined,
  flags: LabFlags & { force?: boolean },
): Promise<void> => {
  const lab = await openKnownLab(session, flags, { what: 'umount' });
  const place = mountPlace(lab);
  const mounts = (await labMounts(lab)).filter(({ byKglab }) => byKglab);
  const wanted = path === undefined ? undefined : await realPath(path);
  const chosen = wanted === undefined ? mounts : mounts.filter((one) => one.path === wanted);
  if (path !== undefined && chosen.length === 0)
    throw new CliError('VOLUME_UNKNOWN', `${path} is not mounted by kglab.`, {
      hint:
        mounts.length === 0
          ? 'There are no mounts.'
          : `Mounted by kglab: ${mounts.map((one) => one.path).join(', ')}`,
    });
  if (chosen.length === 0) lab.say('There are no mounts.');
  for (const mount of chosen) {
    await unmountOnHost(mount, place, { force: flags.force ?? false });
    stdout.write(`${mount.path} is unmounted\n`);
  }
};
