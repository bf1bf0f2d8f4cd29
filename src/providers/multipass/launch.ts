import { CliError } from '../../errors/cli-error.js';
import { type CommandError } from '../../exec/command-error.js';
import type { CommandResult, ExecOptions } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';
import { waitFor } from '../../util/wait.js';
import type { MachineSpec } from '../../machines/provider.js';
import { logCommand } from './installation.js';
import { signalOnly, type MultipassClient } from './client.js';
import { CLIENT_TIMEOUT, launchArgs, refreshImagesArgs } from './commands.js';
import type { Deadlines } from './options.js';
import { commandError } from './errors.js';
import { appeared } from './ownership.js';
import type { Instance } from './parse.js';

export interface LaunchDeps {
  readonly client: MultipassClient;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly image: string;
  /** Zone for the machine, where there are zones. */
  readonly zone: () => Promise<string | undefined>;
  /** The instance as it is listed now. */
  readonly findInstance: (name: string, options: ExecOptions) => Promise<Instance | undefined>;
  /** Removes the instance with its disk. */
  readonly purge: (name: string, options: ExecOptions) => Promise<void>;
  /** An earlier launch of this lab may have taken the name; else, whatever has it is not this lab's. */
  readonly launchedBefore: boolean;
  /** Strikes the name out of the books. */
  readonly forget: (name: string) => Promise<void>;
  /** Throws MACHINE_FOREIGN when the running instance is not this lab's. */
  readonly assertOurs: (name: string, options: ExecOptions) => Promise<void>;
}

/**
 * How a launch ended. `unknown`: the daemon may still be at it, so ask it. `broken`: an instance without SSH is left
 * behind. `stale`: the image's checksum is that of another day. `taken`: the name is in use, if only by a launch under way. `refused`: nothing was made.
 */
export type LaunchEnd = 'made' | 'unknown' | 'broken' | 'stale' | 'offline' | 'taken' | 'refused';

const BY_TEXT: readonly (readonly [RegExp, LaunchEnd])[] = [
  [/timed out waiting for initialization to complete/, 'unknown'],
  [/timed out waiting for response/, 'broken'],
  [/image hash does not match/, 'stale'],
  [/is unknown or unreachable|failed to download from/, 'offline'],
  [/already exists|is being prepared/, 'taken'],
];

/** Reads the end of a launch from its exit code and from what it said. */
export const launchEnd = ({ exitCode, stderr }: Pick<CommandResult, 'exitCode' | 'stderr'>): LaunchEnd => {
  if (exitCode === 0) return 'made';
  if (exitCode === CLIENT_TIMEOUT) return 'unknown';
  return BY_TEXT.find(([text]) => text.test(stderr))?.[1] ?? 'refused';
};

/** What one try came to: the machine runs, or what it failed with. `left`: something of it may be there. */
type Try = { readonly ok: true } | { readonly ok: false; readonly error: CliError; readonly left: boolean };

const OK: Try = { ok: true };

/** States in which an instance is on its way up. */
const STARTING_UP = new Set(['Starting', 'Restarting', 'Delayed Shutdown']);

/**
 * Launches a machine. A launch that timed out is neither success nor failure: the daemon carries on, so the machine
 * is watched until it runs; one that is beyond that is purged, that one alone, and launched once more.
 */
export const launch = async (spec: MachineSpec, deps: LaunchDeps, options: ExecOptions): Promise<void> => {
  const first = await attempt(spec, deps, options);
  if (first.ok) return;
  options.onLine?.(`${first.error.message}; trying once more`);
  if (first.left) await deps.purge(spec.name, options);
  const second = await attempt(spec, { ...deps, launchedBefore: deps.launchedBefore || first.left }, options);
  if (!second.ok) throw second.error;
};

const attempt = async (spec: MachineSpec, deps: LaunchDeps, options: ExecOptions): Promise<Try> => {
  const args = await argsOf(spec, deps);
  const command = deps.client.command(args);
  const result = await run(args, spec, deps, options);
  const end: LaunchEnd = result === undefined ? 'unknown' : launchEnd(result);
  const error = result && commandError(command, result, deps.client.platform, 'MACHINE_FAILED');
  switch (end) {
    case 'made':
      return OK;
    case 'unknown':
      options.onLine?.(`the launch of ${spec.name} has not ended in time; watching the machine`);
      return waitUntilUp(spec.name, deps, options);
    case 'taken':
      return adopt(spec.name, deps, options);
    case 'broken':
      return { ok: false, error: notUp(spec.name, deps, error), left: true };
    case 'stale':
      await deps.client.call(refreshImagesArgs, { ...signalOnly(options), timeoutMs: deps.deadlines.stopMs });
      return { ok: false, error: error as CommandError, left: false };
    case 'offline':
      // Also what a service says that has only just started.
      await deps.clock.sleep(deps.deadlines.everyMs, options.signal);
      return { ok: false, error: error as CommandError, left: false };
    case 'refused':
      throw error as CommandError;
  }
};

const argsOf = async (
  spec: MachineSpec,
  { image, zone, deadlines }: LaunchDeps,
): Promise<readonly string[]> =>
  launchArgs({ ...spec, image, zone: await zone(), timeoutSeconds: Math.ceil(deadlines.launchMs / 1000) });

/** The launch's answer; undefined when it gave none while the daemon itself is well. */
const run = async (
  args: readonly string[],
  { userData }: MachineSpec,
  { client, deadlines }: LaunchDeps,
  options: ExecOptions,
): Promise<CommandResult | undefined> => {
  const timeoutMs = deadlines.launchMs + deadlines.graceMs;
  try {
    return await client.call(args, { ...signalOnly(options), stdin: userData, timeoutMs });
  } catch (error) {
    if (error instanceof CliError && error.code === 'MULTIPASS_TIMEOUT') return undefined;
    throw error;
  }
};

/** Watches an instance until it runs; while its image is being fetched, there is none to be seen. */
const waitUntilUp = async (name: string, deps: LaunchDeps, options: ExecOptions): Promise<Try> => {
  const { clock, deadlines } = deps;
  let state: string | undefined;
  const settled = await waitFor(
    async () => {
      state = (await deps.findInstance(name, options))?.state;
      return state === undefined || STARTING_UP.has(state) ? undefined : state;
    },
    { clock, timeoutMs: deadlines.settleMs, everyMs: deadlines.everyMs, signal: options.signal },
  );
  if (settled === 'Running') return OK;
  return { ok: false, error: notUp(name, deps, undefined, state), left: true };
};

/**
 * The name is in use, although it was free a moment ago: by an earlier launch of this lab, or by somebody else. Without
 * a note of such a launch it is out of the books while it is looked at: whatever happens, it is never purged.
 */
const adopt = async (name: string, deps: LaunchDeps, options: ExecOptions): Promise<Try> => {
  if (!deps.launchedBefore) await deps.forget(name);
  const settled = await waitUntilUp(name, deps, options);
  if (settled.ok) await deps.assertOurs(name, options);
  else if (!deps.launchedBefore) throw appeared(name);
  return settled;
};

const notUp = (
  name: string,
  { client, deadlines }: LaunchDeps,
  cause: CommandError | undefined,
  state?: string,
): CliError =>
  new CliError(
    'MACHINE_NOT_BOOTED',
    cause === undefined
      ? `Machine ${name} is ${state === undefined ? 'not to be seen' : state.toLowerCase()} ${Math.round(deadlines.settleMs / 1000)} s after its launch timed out`
      : `Machine ${name} has started, but its SSH does not answer`,
    {
      cause,
      hint: `See what the service says: ${logCommand(client.platform)}\nA firewall or VPN of the host between it and the machines is a common reason.\nThen run \`kglab up\` again.`,
    },
  );
