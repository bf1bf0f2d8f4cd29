import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { labMounts, mountPlace } from '../../app/host-mounts.js';
import { knownLab } from '../../app/open-lab.js';
import { brickMachines } from '../../config/roles.js';
import { CliError } from '../../errors/cli-error.js';
import { mountOnHost, unmountOnHost } from '../../volumes/host-mount.js';
import type { LabFlags } from '../flags.js';
import { labName } from '../lab.js';
import type { Session } from '../run-cli.js';
import { assertRealMachines } from '../volumes-desk.js';
import { openWorld } from '../world.js';

/** A path without links, as the kernel knows mounts by it; its end need not exist, nor answer. */
const realPath = async (path: string): Promise<string> => {
  const whole = resolve(path);
  return realpath(whole).catch(async () => join(await realPath(dirname(whole)), basename(whole)));
};

/** `kglab mount` */
export const mountCommand = async (
  session: Session,
  path: string,
  flags: LabFlags & { volume?: string },
): Promise<void> => {
  if (process.getuid?.() !== 0)
    throw new CliError('HOST_NOT_ROOT', 'Only root may mount.', {
      hint: `Repeat it with sudo: sudo kglab mount ${path}`,
    });
  const world = await openWorld(session, flags, { what: 'mount' });
  const record = await knownLab(await labName(flags), world);
  const { config } = record;
  const volume = config.volumes.find(({ name }) => name === (flags.volume ?? config.volumes[0]?.name));
  if (volume === undefined)
    throw new CliError('USAGE', `There is no volume ${flags.volume ?? ''}.`, {
      hint: `Volumes of this lab: ${config.volumes.map(({ name }) => name).join(', ')}`,
    });
  const provider = world.provider({ id: record.provider, lab: record, config });
  assertRealMachines(record, provider);
  const machines = await provider.list({ signal: world.signal });
  const mount = { volume: volume.name, path: await realPath(path) };
  await mountOnHost(mount, mountPlace(world, record.name), machines, brickMachines(config, volume));
  process.stdout.write(`volume ${volume.name} is mounted at ${mount.path}\n`);
};

/** `kglab umount` */
export const umountCommand = async (
  session: Session,
  path: string | undefined,
  flags: LabFlags & { force?: boolean },
): Promise<void> => {
  const world = await openWorld(session, flags, { what: 'umount' });
  const record = await knownLab(await labName(flags), world);
  const place = mountPlace(world, record.name);
  const mounts = (await labMounts(record, world)).filter(({ byKglab }) => byKglab);
  const wanted = path === undefined ? undefined : await realPath(path);
  const chosen = wanted === undefined ? mounts : mounts.filter((one) => one.path === wanted);
  if (path !== undefined && chosen.length === 0)
    throw new CliError('VOLUME_UNKNOWN', `kglab has mounted nothing at ${path}.`, {
      hint:
        mounts.length === 0 ? 'Nor anywhere else.' : `It has at ${mounts.map((one) => one.path).join(', ')}.`,
    });
  for (const mount of chosen) {
    await unmountOnHost(mount, place, { force: flags.force ?? false });
    process.stdout.write(`${mount.path} is unmounted\n`);
  }
};
