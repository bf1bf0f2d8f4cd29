import { CliError } from '../errors/cli-error.js';
import type { Command, CommandResult, ExecOptions } from '../exec/command.js';
import { placeholder } from '../artifacts/artifacts.js';
import type { Budget } from './world/faults.js';
import { isShuttingDown, SHUTDOWN_MS } from './programs/systemctl.js';
import { runOn } from './programs/run-program.js';
import type { Sim } from './world/sim.js';
import type { SimMachine } from './world/world.js';

/** Time to enter a machine before a command runs (milliseconds). */
const WAY_MS = 20;

/** Ends a command at its deadline. */
class Deadline extends Error {}

/** The error for a machine that cannot be entered. */
export const unreachable = (name: string): CliError =>
  new CliError('MACHINE_UNREACHABLE', `Machine ${name} does not run.`, {
    hint: 'Start the lab: kglab start',
  });

const waiter = (
  sim: Sim,
  machine: SimMachine,
  { signal, timeoutMs }: ExecOptions,
): ((ms: number) => Promise<void>) => {
  const boot = machine.running?.boot;
  const end = timeoutMs === undefined ? Infinity : sim.now + timeoutMs;
  return async (ms) => {
    await sim.sleep(Math.max(0, Math.min(ms, end - sim.now)), signal);
    if (machine.running?.boot !== boot) throw unreachable(machine.spec.name);
    if (sim.now >= end) throw new Deadline();
  };
};

/** Runs a command as root on a machine. Throws MACHINE_UNREACHABLE when the machine is off, or goes off meanwhile. */
export const execOn = async (
  sim: Sim,
  machine: SimMachine | undefined,
  name: string,
  command: Command,
  options: ExecOptions = {},
  budget?: Budget,
): Promise<CommandResult> => {
  if (machine?.running === undefined) throw unreachable(name);
  const start = sim.now;
  const sleep = waiter(sim, machine, options);
  // A placeholder stands for the file: reading 150 MB would only cost time.
  const stdin = command.stdin ?? (command.stdinFile === undefined ? '' : placeholder(command.stdinFile));
  try {
    await sleep(WAY_MS);
    const argv = [command.file, ...command.args];
    const result = await runOn(sim, machine, argv, { stdin, env: command.env ?? {}, sleep, budget });
    // `systemctl poweroff` returns before the machine is off; the caller sees it off.
    if (isShuttingDown(sim, machine)) await sim.sleep(SHUTDOWN_MS, options.signal);
    for (const line of `${result.stdout}${result.stderr}`.split('\n'))
      if (line !== '') options.onLine?.(line);
    return { ...result, durationMs: sim.now - start };
  } catch (error) {
    if (error instanceof Deadline || options.signal?.aborted)
      return {
        exitCode: 143,
        stdout: '',
        stderr: '',
        signal: 'SIGTERM',
        timedOut: error instanceof Deadline,
        durationMs: sim.now - start,
      };
    throw error;
  }
};
