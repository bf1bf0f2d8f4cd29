import { homedir, platform } from 'node:os';
import { join } from 'node:path';
import type { LabConfig } from '../config/config.js';
import { CliError } from '../errors/cli-error.js';
import { cmd, type Executor } from '../exec/command.js';
import type { CommandLog } from '../exec/logged-executor.js';
import type { Dirs } from '../util/dirs.js';
import { whenIdle, type Clock } from '../util/clock.js';
import { isInstalled } from './multipass/is-installed.js';
import { MultipassProvider } from './multipass/provider.js';
import { NspawnProvider } from './nspawn/provider.js';
import type { LabRef, MachineProvider, ProviderId } from '../machines/provider.js';
import { SimulatorProvider } from '../simulator/provider.js';
import { SimClock } from '../simulator/sim-clock.js';
import { FileStore } from '../simulator/world-store.js';

/** What a provider is made from. */
export interface ProviderRequest {
  readonly id: ProviderId;
  readonly lab: LabRef;
  readonly config: LabConfig;
}

/** What the providers are made from. */
export interface ProviderDeps {
  readonly host: Executor;
  readonly clock: Clock;
  readonly dirs: Dirs;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log?: CommandLog;
}

const hasNamespaces = async (host: Executor): Promise<boolean> =>
  (await host.exec(cmd('test', '-d', '/proc/self/ns'), { timeoutMs: 20_000 })).exitCode === 0;

/** Settles `auto`: multipass where it is installed, else system containers on Linux. Throws HOST_UNFIT without either. */
export const chooseProvider = async (
  wanted: LabConfig['provider'],
  { host }: ProviderDeps,
): Promise<ProviderId> => {
  if (wanted !== 'auto') return wanted;
  if (await isInstalled(host, homedir())) return 'multipass';
  if (await hasNamespaces(host)) return 'nspawn';
  throw new CliError('HOST_UNFIT', 'No provider of machines fits this host.', {
    hint: 'Install multipass (https://canonical.com/multipass), or use a Linux host as root, where system containers do.',
  });
};

/** A slow line may need more time to install packages than launches get: KGLAB_LAUNCH_TIMEOUT, in seconds. */
const launchDeadline = (text: string | undefined): { readonly launchMs?: number } => {
  const seconds = Number(text);
  return Number.isInteger(seconds) && seconds > 0 ? { launchMs: seconds * 1000 } : {};
};

/** One simulator a lab and process: a second one would not see what the first has not written yet. */
const simulators = new WeakMap<ProviderDeps, Map<string, SimulatorProvider>>();

const simulatorOf = ({ name, id }: LabRef, deps: ProviderDeps): SimulatorProvider => {
  const made = simulators.get(deps) ?? new Map<string, SimulatorProvider>();
  simulators.set(deps, made);
  const path = join(deps.dirs.state, 'simulator', name, 'world.json');
  const clock = new SimClock(deps.clock.now(), whenIdle);
  const known = made.get(id);
  const provider =
    known ?? new SimulatorProvider({ lab: { name, id }, clock, store: new FileStore(path, deps.clock) });
  made.set(id, provider);
  return provider;
};

/** The only place that knows every provider. */
export const makeProvider = ({ id, lab, config }: ProviderRequest, deps: ProviderDeps): MachineProvider => {
  const { host, clock, dirs } = deps;
  switch (id) {
    case 'nspawn':
      return new NspawnProvider({
        lab: { name: lab.name, id: lab.id },
        host,
        clock,
        dataDir: join(dirs.machines, 'nspawn'),
        cacheDir: join(dirs.cache, 'images'),
        image: config.image,
        network: config.network,
        machines: config.nodes.map(({ machine }) => machine),
      });
    case 'multipass':
      return new MultipassProvider({
        lab: { name: lab.name, id: lab.id },
        host,
        clock,
        dataDir: join(dirs.state, 'labs', lab.name),
        platform: platform(),
        home: homedir(),
        image: config.image,
        deadlines: launchDeadline(deps.env['KGLAB_LAUNCH_TIMEOUT']),
      });
    case 'simulator':
      return simulatorOf(lab, deps);
  }
};
