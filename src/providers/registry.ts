import { access } from 'node:fs/promises';
import { homedir, platform } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { cmd, type Executor } from '../exec/command.js';
import type { CommandLog } from '../exec/logged-executor.js';
import type { Check } from '../machines/host-check.js';
import type { FoundLab, LabRef, MachineProvider } from '../machines/provider.js';
import { type Clock, whenIdle } from '../util/clock.js';
import type { Dirs } from '../util/dirs.js';
import { awaitAll } from '../util/pool.js';

/** What every provider gets from its caller. */
export interface ProviderDeps {
  readonly host: Executor;
  readonly clock: Clock;
  readonly dirs: Dirs;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log?: CommandLog;
}

/** The lab for which a provider is created. */
export interface ProviderRequest {
  readonly lab: LabRef;
  /** A release name, or `default`. */
  readonly image: string;
  readonly network: {
    readonly subnet: string | undefined;
    readonly internet: 'auto' | 'on' | 'off';
  };
  /** Names of all machines, in node order. */
  readonly machines: readonly string[];
}

/** Whether this host can run labs of a provider, for the wizard. */
export interface Usable {
  readonly usable: boolean;
  /** Why, or what is missing. */
  readonly because: string;
}

/** What the rest of kglab knows about a provider. To add one, add a folder and a record in {@link PROVIDERS}. */
export interface ProviderRecord {
  /** What its machines are, e.g. `virtual machines`. */
  readonly machineType: string;
  /** Requirements beyond those of every host, e.g. `Linux, root`. */
  readonly requires?: string;
  /** The wizard offers it, and `auto` may choose it. */
  readonly offered: boolean;
  /** All labs share the provider's network, so a lab cannot choose its range or its internet access. */
  readonly sharedNetwork: boolean;
  /** Machines are only data; see src/lab/rehearsal.ts for what such a lab cannot do. */
  readonly simulated: boolean;
  /** Whether `auto` may choose it on this host. */
  isAvailable(host: Executor): Promise<boolean>;
  /** Whether the wizard recommends it on this host. */
  usable(deps: ProviderDeps): Promise<Usable>;
  /** What this host needs for it. */
  checks(deps: ProviderDeps): Promise<readonly Check[]>;
  create(request: ProviderRequest, deps: ProviderDeps): Promise<MachineProvider>;
  /** The lab of that name as the provider knows it, to recover the lost record of a user. */
  findLab?(name: string, dirs: Dirs): Promise<FoundLab | undefined>;
  /**
   * The lock file of a lab's machines, for providers whose machines are shared by all users. Undefined when there is no
   * such lab, or this user has no access to it.
   */
  findLock?(name: string, dirs: Dirs): Promise<string | undefined>;
}

/** KGLAB_LAUNCH_TIMEOUT, in seconds: a slow network may need more time to install packages during a launch. */
const launchDeadline = (text: string | undefined): { readonly launchMs?: number } => {
  const seconds = Number(text);
  return Number.isInteger(seconds) && seconds > 0 ? { launchMs: seconds * 1000 } : {};
};

const multipass: ProviderRecord = {
  machineType: 'virtual machines',
  offered: true,
  sharedNetwork: true,
  simulated: false,
  isAvailable: async (host) => (await import('./multipass/installation.js')).isInstalled(host, homedir()),
  usable: async ({ host }) => {
    const usable = await multipass.isAvailable(host);
    return { usable, because: usable ? 'it is installed' : 'it is not installed' };
  },
  checks: async ({ host }) => {
    const { multipassChecks } = await import('./multipass/checks.js');
    return multipassChecks({ host, platform: platform(), home: homedir() });
  },
  create: async ({ lab, image }, { host, clock, dirs, env }) => {
    const { MultipassProvider } = await import('./multipass/provider.js');
    return new MultipassProvider({
      lab,
      host,
      clock,
      dataDir: join(dirs.state, 'labs', lab.name),
      platform: platform(),
      home: homedir(),
      image,
      deadlines: launchDeadline(env['KGLAB_LAUNCH_TIMEOUT']),
    });
  },
};

const nspawnDir = ({ machines }: Dirs): string => join(machines, 'nspawn');

const nspawn: ProviderRecord = {
  machineType: 'system containers',
  requires: 'Linux, root',
  offered: true,
  sharedNetwork: false,
  simulated: false,
  isAvailable: async (host) =>
    (await host.exec(cmd('test', '-d', '/proc/self/ns'), { timeoutMs: 20_000 })).exitCode === 0,
  usable: async ({ host, dirs }) => {
    const { nspawnUsable } = await import('./nspawn/checks.js');
    return nspawnUsable({ host, dataDir: nspawnDir(dirs), cacheDir: dirs.cache });
  },
  checks: async ({ host, dirs }) => {
    const { nspawnChecks } = await import('./nspawn/checks.js');
    return nspawnChecks({ host, dataDir: nspawnDir(dirs), cacheDir: dirs.cache });
  },
  create: async ({ lab, image, network, machines }, { host, clock, dirs }) => {
    const { NspawnProvider } = await import('./nspawn/provider.js');
    const places = { dataDir: nspawnDir(dirs), cacheDir: join(dirs.cache, 'images') };
    return new NspawnProvider({ lab, host, clock, ...places, image, network, machines });
  },
  findLab: async (name, dirs) => (await import('./nspawn/records.js')).findLab(nspawnDir(dirs), name),
  findLock: async (name, dirs) => {
    const { labPaths } = await import('./nspawn/paths.js');
    const { owner, lock } = labPaths(nspawnDir(dirs), name);
    return access(owner).then(
      () => lock,
      () => undefined,
    );
  },
};

/** One simulator per lab and process: a second one would not see changes that the first has not written yet. */
const simulators = new WeakMap<ProviderDeps, Map<string, Promise<MachineProvider>>>();

const makeSimulator = async (lab: LabRef, deps: ProviderDeps): Promise<MachineProvider> => {
  const [{ SimulatorProvider }, { SimClock }, { FileStore }] = await awaitAll([
    import('../simulator/provider.js'),
    import('../simulator/sim-clock.js'),
    import('../simulator/world-store.js'),
  ]);
  const path = join(deps.dirs.state, 'simulator', lab.name, 'world.json');
  const clock = new SimClock(deps.clock.now(), whenIdle);
  return new SimulatorProvider({ lab, clock, store: new FileStore(path, deps.clock) });
};

const simulator: ProviderRecord = {
  machineType: 'simulated machines',
  offered: false,
  sharedNetwork: false,
  simulated: true,
  isAvailable: () => Promise.resolve(true),
  usable: () => Promise.resolve({ usable: true, because: 'it needs nothing of this host' }),
  checks: () => Promise.resolve([]),
  create: ({ lab }, deps) => {
    const made = simulators.get(deps) ?? new Map<string, Promise<MachineProvider>>();
    simulators.set(deps, made);
    const provider = made.get(lab.id) ?? makeSimulator(lab, deps);
    made.set(lab.id, provider);
    return provider;
  },
};

/** Every provider. `auto` chooses the first offered one that is available on the host. */
export const PROVIDERS = { multipass, nspawn, simulator } satisfies Readonly<Record<string, ProviderRecord>>;

export type ProviderId = keyof typeof PROVIDERS;

/** The providers in their order. */
export const PROVIDER_IDS = Object.keys(PROVIDERS) as readonly ProviderId[];

/** The providers of the wizard and of `auto`, in order of preference. */
export const OFFERED_IDS = PROVIDER_IDS.filter((id) => PROVIDERS[id].offered);

/** Resolves `auto`. Throws HOST_UNFIT when no provider is available on this host. */
export const chooseProvider = async (wanted: ProviderId | 'auto', host: Executor): Promise<ProviderId> => {
  if (wanted !== 'auto') return wanted;
  for (const id of OFFERED_IDS) if (await PROVIDERS[id].isAvailable(host)) return id;
  throw new CliError('HOST_UNFIT', 'No provider is available on this host.', {
    hint: 'Install multipass (https://canonical.com/multipass), or use a Linux host as root to use nspawn.',
  });
};

/** A lab without a record of this user, as a provider of this host knows it. */
export const findLab = async (
  name: string,
  dirs: Dirs,
): Promise<(FoundLab & { readonly provider: ProviderId }) | undefined> => {
  for (const provider of PROVIDER_IDS) {
    const found = await PROVIDERS[provider].findLab?.(name, dirs);
    if (found !== undefined) return { provider, ...found };
  }
  return undefined;
};

/** The lock file that users share for a lab of that name; undefined when no provider has such a lab. */
export const findLock = async (name: string, dirs: Dirs): Promise<string | undefined> => {
  for (const id of PROVIDER_IDS) {
    const lock = await PROVIDERS[id].findLock?.(name, dirs);
    if (lock !== undefined) return lock;
  }
  return undefined;
};
