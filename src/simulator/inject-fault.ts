import { noteSeen } from './kube/nodes.js';
import { CliError } from '../errors/cli-error.js';
import type { CommandResult, ExecOptions } from '../exec/command.js';
import { CrashError, type Budget, type Fault, type Operation } from './world/faults.js';
import { freeAddress } from './world/machines.js';
import { powerOff } from './programs/systemctl.js';
import { unreachable } from './exec-on.js';
import type { Sim } from './world/sim.js';

/** A hanging command without a deadline ends after this long: practically never (milliseconds). */
const FOR_EVER_MS = 1e12;
/** Deadline of a provider's own operations (milliseconds). */
const PROVIDER_MS = 900_000;

const result = (operation: Operation, part: Partial<CommandResult>): unknown => {
  if (operation.kind === 'exec') return { exitCode: 1, stdout: '', stderr: '', durationMs: 0, ...part };
  throw new CliError(
    'MACHINE_FAILED',
    `The simulated ${operation.kind} of ${operation.machine ?? 'the lab'} failed.`,
    {
      hint: 'Run `kglab up` again.',
    },
  );
};

const timedOut = (operation: Operation, { timeoutMs = 0 }: ExecOptions): unknown =>
  result(operation, { exitCode: 143, signal: 'SIGTERM', timedOut: true, durationMs: timeoutMs });

/** Cuts the power of a machine; `moves` gives it another address. */
const cutPower = (sim: Sim, name: string, moves = false): void => {
  const machine = sim.world.machines[name];
  if (machine === undefined) return;
  powerOff(sim, machine);
  if (moves) machine.address = freeAddress(sim.world);
};

const cutNetwork = (sim: Sim, name: string, forMs: number): void => {
  noteSeen(sim.world);
  const until = sim.now + forMs;
  for (const other of Object.keys(sim.world.machines))
    if (other !== name) sim.world.cuts.push({ between: [name, other], until });
};

/** Does an operation with a fault. Throws CrashError if the fault kills kglab. */
export const withFault = async <T>(
  fault: Fault,
  operation: Operation,
  sim: Sim,
  options: ExecOptions,
  work: (budget?: Budget) => Promise<T> | T,
): Promise<T> => {
  const name = operation.machine ?? Object.keys(sim.world.machines)[0] ?? '';
  switch (fault.kind) {
    case 'fail':
      return result(operation, {
        exitCode: fault.exitCode ?? 1,
        stderr: fault.stderr ?? 'simulated failure',
      }) as T;
    case 'hang':
      await sim.sleep(
        options.timeoutMs ?? (operation.kind === 'exec' ? FOR_EVER_MS : PROVIDER_MS),
        options.signal,
      );
      return timedOut(operation, options) as T;
    case 'time-out':
      await work();
      return timedOut(operation, options) as T;
    case 'crash':
      if (fault.when === 'after') await work();
      throw new CrashError();
    case 'crash-within': {
      // The script itself counts as a program.
      const budget = { left: fault.programs + 1 };
      return work(budget);
    }
    case 'power-cut':
    case 'address-change': {
      const victim = ('machine' in fault ? fault.machine : undefined) ?? name;
      const done = fault.when === 'after' ? await work() : undefined;
      cutPower(sim, victim, fault.kind === 'address-change');
      if (fault.when === 'before') return work();
      if (operation.kind === 'exec' && victim === operation.machine) throw unreachable(victim);
      return done as T;
    }
    case 'network-cut':
      cutNetwork(sim, name, fault.forMs);
      return work();
  }
};
