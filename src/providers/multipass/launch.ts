import { CliError } from '../../errors/cli-error.js';
import type { CommandError } from '../../exec/checked.js';
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
  /** The instance as `list` shows it now. */
  readonly findInstance: (name: string, options: ExecOptions) => Promise<Instance | undefined>;
  /** Removes the instance with its disk. */
  readonly purge: (name: string, options: ExecOptions) => Promise<void>;
  /** This lab launched the name before; otherwise an instance of that name is foreign. */
  readonly launchedBefore: boolean;
  /** Removes the name from the launch record. */
  readonly forget: (name: string) => Promise<void>;
  /** Throws MACHINE_FOREIGN when the running instance is not this lab's. */
  readonly assertOurs: (name: string, options: ExecOptions) => Promise<void>;
}

/**
 * How a launch ended. `unknown`: the daemon may still be working on it. `broken`: an instance without SSH is left.
 * `stale`: the cached image list has an old checksum. `offline`: the image server is unreachable. `taken`: the name is
 * in use, perhaps by another launch. `refused`: nothing was created.
 */
export type LaunchEnd = 'made' | 'unknown' | 'broken' | 'stale' | 'offline' | 'taken' | 'refused';

const BY_TEXT: readonly (readonly [RegExp, LaunchEnd])[] = [
  [/timed out waiting for initialization to complete/, 'unknown'],
  [/timed out waiting for response/, 'broken'],
  [/image hash does not match/, 'stale'],
  [/is unknown or unreachable|failed to download from/, 'offline'],
  [/already exists|is being prepared/, 'taken'],
];

/** The end of a launch, from its exit code and error output. */
export const launchEnd = ({ exitCode, stderr }: Pick<CommandResult, 'exitCode' | 'stderr'>): LaunchEnd => {
  if (exitCode === 0) return 'made';
  if (exitCode === CLIENT_TIMEOUT) return 'unknown';
  return BY_TEXT.find(([text]) => text.test(stderr))?.[1] ?? 'refused';
};

/** Result of one attempt. `left`: a part of the instance may exist. */
type Try = { readonly ok: true } | { readonly ok: false; readonly error: CliError; readonly left: boolean };

const OK: Try = { ok: true };

/** States of an instance that is starting. */
const STARTING_UP = new Set(['Starting', 'Restarting', 'Delayed Shutdown']);

/**
 * Launches a machine. After a timeout the daemon continues, so kglab waits until the machine runs. Purges an instance
 * that does not come up (only this one) and launches it once more. Throws when the second attempt fails too.
 */
export const launch = async (spec: MachineSpec, deps: LaunchDeps, options: ExecOptions): Promise<void> => {
  const first = await attempt(spec, deps, options);
  if (first.ok) return;
  options.onLine?.(`${first.error.message}; trying again`);
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
      options.onLine?.(`the launch of ${spec.name} timed out; waiting for the machine`);
      return waitUntilUp(spec.name, deps, options);
    case 'taken':
      return adopt(spec.name, deps, options);
    case 'broken':
      return { ok: false, error: notUp(spec.name, deps, error), left: true };
    case 'stale':
      await deps.client.call(refreshImagesArgs, { ...signalOnly(options), timeoutMs: deps.deadlines.stopMs });
      return { ok: false, error: error as CommandError, left: false };
    case 'offline':
      // A service that has just started reports this too.
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

/** The result of the launch; undefined when only this command, not the daemon, did not answer in time. */
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

/** Waits until the instance runs. It is not listed while its image is being downloaded. */
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
 * The name is in use although it was free a moment ago: by an earlier launch of this lab, or by another user. Without a
 * record of an earlier launch, kglab forgets the name first, so that it can never purge a foreign instance.
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
      ? `Machine ${name} is ${state === undefined ? 'not listed' : `in state "${state.toLowerCase()}"`} ${Math.round(deadlines.settleMs / 1000)} s after its launch timed out`
      : `Machine ${name} has started, but does not answer over SSH`,
    {
      cause,
      hint: `Read the log of the service: ${logCommand(client.platform)}\nA common cause is a firewall or VPN on the host that blocks the machines.\nThen run \`kglab up\` again.`,
    },
  );
