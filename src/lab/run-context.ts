import { type Artifacts, type ImageChoice, placeholderArtifacts } from '../artifacts/artifacts.js';
import { chooseImages } from '../artifacts/image-names.js';
import { fetchArtifacts } from '../artifacts/fetch-artifacts.js';
import { resolveArtifacts } from '../artifacts/resolve-artifacts.js';
import { factCache, type RunContext, type StepContext } from '../engine/context.js';
import type { Lab } from './lab.js';
import { randomHex, type LabRecord } from './lab-store.js';

/** The version in the lab file; if that is `default`, the release that the lab was created with. */
const wantedVersion = ({ config, release }: LabRecord): string => {
  const { version, artifacts } = config.k3s;
  return version === 'default' && artifacts === undefined ? (release ?? version) : version;
};

/** The release files of a lab in the cache; downloads nothing. A simulated lab needs none. */
export const findArtifacts = ({ record, isRehearsal, world }: Lab): Promise<Artifacts> => {
  const { arch, dirs, host } = world;
  const version = wantedVersion(record);
  if (isRehearsal) return Promise.resolve(placeholderArtifacts(version, arch));
  const { artifacts: artifactsDir } = record.config.k3s;
  return resolveArtifacts({ version, artifactsDir, arch, cacheDir: dirs.cache, host });
};

/** As {@link findArtifacts}, but downloads what is not cached; says which release it is. */
export const obtainArtifacts = async (lab: Lab): Promise<Artifacts> => {
  const { world } = lab;
  const found = await findArtifacts(lab);
  if (found.state === 'cached') {
    if (!lab.isRehearsal) lab.say(`k3s ${found.version}, from the cache`);
    return found;
  }
  lab.say(`k3s ${found.version} is not in the cache; downloading it`);
  return fetchArtifacts({
    version: found.version,
    arch: world.arch,
    cacheDir: world.dirs.cache,
    host: world.host,
    clock: world.clock,
    fetch: world.fetch,
    ...(world.releaseUrl === undefined ? {} : { baseUrl: world.releaseUrl }),
    signal: lab.signal,
    onLine: (line) => lab.say(line),
  });
};

/** The images of kglab's own pods: from the lab file, else from the image archives. */
export const imagesOf = ({ config }: Pick<Lab, 'config'>, artifacts: Artifacts): ImageChoice =>
  chooseImages(artifacts, {
    provisioner: config.provisioner.image,
    helper: config.provisioner.helperImage,
    smoke: config.smoke.image,
  });

/**
 * Everything a run on this lab needs. Without artifacts it has placeholders: enough for probes and for steps that copy no
 * release files. The token may be empty for a run that changes nothing.
 */
export const runContext = async (lab: Lab, artifacts?: Artifacts): Promise<RunContext> => {
  const { name, record, provider, files, clock, world } = lab;
  const release = artifacts ?? placeholderArtifacts('default', world.arch);
  return {
    lab: { name, id: record.id },
    ...{ provider, clock, files },
    host: world.host,
    templates: world.templates,
    artifacts: release,
    images: imagesOf(lab, release),
    token: (await world.store.token(name)) ?? '',
    random: randomHex,
  };
};

/** A context for reading outside of a run. */
export const lookingContext = (
  run: RunContext,
  { signal, say }: Pick<Lab, 'signal' | 'say'>,
): StepContext => {
  const facts = factCache();
  return {
    ...run,
    signal,
    say,
    machine: (name) => run.provider.machine(name),
    fact: (key, read) => facts.get(key, read),
  };
};
