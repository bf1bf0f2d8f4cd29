import type { LabConfig } from '../config/config.js';
import { CliError } from '../errors/cli-error.js';
import { checked } from '../exec/checked.js';
import { getObjects } from '../kube/kubectl.js';
import { clusterVolumes } from './cluster.js';
import { claimManifest, listManifest, volumeManifest, type WholeEntry } from './manifests.js';
import type { VolumesContext } from './quarantine.js';
import { assertFileName, request } from './requests.js';
import { restoreVolumes } from './restore.js';
import { guestScript } from '../guest/script.js';

/** A static PV that a person asks for. */
export interface StaticVolume {
  readonly name: string;
  /** `namespace/claim` that it is for; without a namespace, `default`. */
  readonly claim: string;
  readonly capacity: string;
  readonly class: string;
  readonly accessMode: string;
  /** Directory on the Gluster volume; the name of the PV by default. */
  readonly directory: string | undefined;
  /** Gluster volume; the first one by default. */
  readonly volume: string | undefined;
}

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const QUANTITY = /^[1-9][0-9]*(Ki|Mi|Gi|Ti|k|M|G|T)?$/;

/** Suffixes of Kubernetes' quantities. */
const FACTORS: Readonly<Record<string, number>> = {
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
  ...{ k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
};

/** A size such as `5Gi` in bytes. */
export const bytesOf = (quantity: string): number =>
  Number.parseInt(quantity, 10) * (FACTORS[quantity.replace(/^\d+/, '')] ?? 1);

const assertName = (name: string, what: string): void => {
  if (NAME.test(name)) return;
  throw new CliError('USAGE', `${what} cannot be called ${JSON.stringify(name)}.`, {
    hint: 'Use lower case letters, digits, - and ., and begin and end with a letter or digit.',
  });
};

/** Checks what a person wrote; returns the PV and claim to create. Throws USAGE. */
export const staticEntry = (wanted: StaticVolume, config: LabConfig): WholeEntry => {
  const [claim = '', namespace = 'default', ...more] = wanted.claim.split('/').reverse();
  assertName(wanted.name, 'A PV');
  assertName(claim, 'A claim');
  assertName(namespace, 'A namespace');
  if (more.length > 0) throw new CliError('USAGE', `${wanted.claim} is not NAMESPACE/CLAIM.`);
  if (!QUANTITY.test(wanted.capacity))
    throw new CliError('USAGE', `${JSON.stringify(wanted.capacity)} is not a size.`, {
      hint: 'Write e.g. 5Gi.',
    });
  const volume = config.volumes.find(({ name }) => name === (wanted.volume ?? config.volumes[0]?.name));
  if (volume === undefined)
    throw new CliError('USAGE', `There is no Gluster volume ${wanted.volume ?? ''}.`, {
      hint: `Volumes of this lab: ${config.volumes.map(({ name }) => name).join(', ')}`,
    });
  if (config.classes.some(({ name }) => name === wanted.class))
    throw new CliError('USAGE', `Class ${wanted.class} has a provisioner.`, {
      hint: 'A static PV needs a class without a provisioner, e.g. --class manual.',
    });
  const directory = wanted.directory ?? wanted.name;
  assertFileName(directory, 'A directory');
  return {
    pv: wanted.name,
    path: `${volume.mount}/${directory}`,
    namespace,
    claim,
    capacity: wanted.capacity,
    accessModes: [wanted.accessMode],
    class: wanted.class,
    volumeMode: 'Filesystem',
    volumeType: 'hostPath',
    node: undefined,
  };
};

/** The manifests of PV and claim, for a person to read or apply. */
export const staticManifest = (entry: WholeEntry): string =>
  `${JSON.stringify(JSON.parse(listManifest([volumeManifest(entry), claimManifest(entry)])), null, 2)}\n`;

const limitSize = async (
  { path, capacity }: WholeEntry,
  { volumes }: LabConfig,
  { context, server }: VolumesContext,
): Promise<void> => {
  const on = volumes.find(({ mount }) => path.startsWith(`${mount}/`));
  if (on?.quota !== true) return;
  const directory = path.slice(on.mount.length + 1);
  await request('limit', { mount: on.mount, directory, value: String(bytesOf(capacity)) }, server, context);
};

/**
 * Creates the directory if needed, its quota if the volume has quotas, the PV and the claim. Throws VOLUME_EXISTS before
 * anything is created.
 */
export const createStatic = async (
  entry: WholeEntry,
  config: LabConfig,
  desk: VolumesContext,
): Promise<void> => {
  const { context, server } = desk;
  const { volumes, claims } = await clusterVolumes(context, server);
  const id = `${entry.namespace}/${entry.claim}`;
  const taken = volumes.find(({ name, path }) => name === entry.pv || path === entry.path);
  if (taken !== undefined && (taken.name !== entry.pv || taken.claim !== id || taken.path !== entry.path))
    throw new CliError(
      'VOLUME_EXISTS',
      taken.name === entry.pv
        ? `PV ${taken.name} already exists (claim ${taken.claim ?? 'none'}, directory ${taken.path ?? 'none'}).`
        : `PV ${taken.name} already uses the directory ${entry.path} (claim ${taken.claim ?? 'none'}).`,
    );
  if (claims.some((one) => one.id === id && one.volumeName !== entry.pv))
    throw new CliError('VOLUME_EXISTS', `Claim ${id} exists already; nothing was changed.`);
  if ((await getObjects(context, server, 'namespace', entry.namespace)).length === 0)
    context.say(`creating namespace ${entry.namespace}, too`);
  const command = guestScript('volumes.sh', 'create_directory', entry.path);
  await checked(context.machine(server), server, command, {
    code: 'VOLUME_FAILED',
    what: `Creating ${entry.path}`,
    signal: context.signal,
  });
  await limitSize(entry, config, desk);
  await restoreVolumes([entry], context, server);
};
