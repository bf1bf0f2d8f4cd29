import { chooseImages } from '../artifacts/choose-images.js';
import { fetchArtifacts } from '../artifacts/fetch-artifacts.js';
import { placeholderArtifacts } from '../artifacts/placeholder.js';
import { resolveArtifacts } from '../artifacts/resolve-artifacts.js';
import type { Artifacts, ImageChoice } from '../artifacts/artifacts.js';
import type { RunContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import type { MachineProvider } from '../providers/provider.js';
import type { LabRecord } from '../state/lab-store.js';
import { randomHex } from '../state/lab-store.js';
import { recoverRecord } from './recover.js';
import type { World } from './world.js';

/** The provider of a lab's machines. */
export const providerOf = (record: LabRecord, world: World): MachineProvider =>
  world.provider({ id: record.provider, lab: record, config: record.config });

/** What the lab file says wins; where it leaves the choice, a lab keeps the release that it was made with. */
const wantedVersion = ({ config, release }: LabRecord): string => {
  const { version, artifacts } = config.k3s;
  return version === 'default' && artifacts === undefined ? (release ?? version) : version;
};

/** The release files of a lab as the cache has them; nothing is downloaded. */
export const findArtifacts = (record: LabRecord, world: World): Promise<Artifacts> => {
  const { arch, dirs, host } = world;
  const { artifacts: artifactsDir } = record.config.k3s;
  const version = wantedVersion(record);
  if (providerOf(record, world).features.simulated)
    return Promise.resolve(placeholderArtifacts(version, arch));
  return resolveArtifacts({ version, artifactsDir, arch, cacheDir: dirs.cache, host });
};

/** As {@link findArtifacts}, downloading what the cache lacks; says which release it is. */
export const obtainArtifacts = async (record: LabRecord, world: World): Promise<Artifacts> => {
  const found = await findArtifacts(record, world);
  if (found.state === 'cached') {
    if (!providerOf(record, world).features.simulated) world.say(`k3s ${found.version}, from the cache`);
    return found;
  }
  world.say(`k3s ${found.version} is not in the cache; downloading it`);
  return fetchArtifacts({
    version: found.version,
    arch: world.arch,
    cacheDir: world.dirs.cache,
    host: world.host,
    clock: world.clock,
    fetch: world.fetch,
    ...(world.releaseUrl === undefined ? {} : { baseUrl: world.releaseUrl }),
    signal: world.signal,
    onLine: (line) => world.say(line),
  });
};

/** The images that a lab's pods are made from: what its lab file says, else what archives have. */
export const imagesOf = ({ config }: LabRecord, artifacts: Artifacts): ImageChoice =>
  chooseImages(artifacts, {
    provisioner: config.provisioner.image,
    helper: config.provisioner.helperImage,
    smoke: config.smoke.image,
  });

/** Everything a run over this lab needs. The token may be missing for a run that only looks. */
export const contextOf = async (
  record: LabRecord,
  artifacts: Artifacts,
  world: World,
): Promise<RunContext> => {
  const provider = providerOf(record, world);
  return {
    lab: { name: record.name, id: record.id },
    provider,
    host: world.host,
    clock: provider.clock ?? world.clock,
    templates: world.templates,
    artifacts,
    images: imagesOf(record, artifacts),
    files: world.store.files(record.name),
    token: (await world.store.token(record.name)) ?? '',
    random: randomHex,
  };
};

/** As {@link contextOf}, for questions and steps that need no release file: none is looked for. */
export const contextWithoutRelease = (record: LabRecord, world: World): Promise<RunContext> =>
  contextOf(record, placeholderArtifacts('default', world.arch), world);

/** The record of a lab; one that the ledger has lost is found by what providers remember. */
export const loadLab = async (name: string, world: World): Promise<LabRecord | undefined> =>
  (await world.store.load(name)) ?? (await recoverRecord(name, world));

/** The record of a lab that must exist. Throws LAB_UNKNOWN, naming those that do. */
export const knownLab = async (name: string, world: World): Promise<LabRecord> => {
  const record = await loadLab(name, world);
  if (record) return record;
  // The names alone: the record of another lab may be damaged.
  const known = await world.store.names();
  throw new CliError('LAB_UNKNOWN', `There is no lab called ${name}.`, {
    hint:
      known.length > 0
        ? `Labs of this user: ${known.join(', ')}. Choose one by --name.`
        : 'Make one: kglab up',
  });
};
