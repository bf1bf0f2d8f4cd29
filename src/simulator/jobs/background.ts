import { runOn, type RunOnOptions, type RunOnResult } from '../programs/run-program.js';
import type { JobHandler, Sim } from '../world/sim.js';
import { log } from '../world/unit-file.js';
import type { SimMachine, SimWorld } from '../world/world.js';

/**
 * Programs in the background. While one sleeps, a job of the world stands for it and wakes it. A world that is read
 * from a file has lost its background programs, as if they had been killed.
 */
interface Program {
  /** Continues after a sleep; resolves when the program sleeps again or ends. */
  wake(): Promise<void>;
}

const asleep = new WeakMap<SimWorld, Map<string, Program>>();

const programsOf = (world: SimWorld): Map<string, Program> => {
  const found = asleep.get(world) ?? new Map<string, Program>();
  asleep.set(world, found);
  return found;
};

const WAKE = 'background.wake';

/** Whether a program of this name is in the background. */
export const isAsleep = ({ world }: Sim, { spec }: SimMachine, name: string): boolean =>
  world.jobs.some(({ kind, machine, about }) => kind === WAKE && machine === spec.name && about === name) &&
  programsOf(world).has(`${spec.name} ${name}`);

/** Starts a program; resolves when it first sleeps or ends. Calls `ended` with its result. */
export const inBackground = (
  sim: Sim,
  machine: SimMachine,
  name: string,
  argv: readonly string[],
  ended: (result: RunOnResult) => void,
  options: RunOnOptions = {},
): Promise<void> => {
  const programs = programsOf(sim.world);
  const key = `${machine.spec.name} ${name}`;
  let rest: { resolve: () => void; reject: (error: unknown) => void };
  const untilRest = (go: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      rest = { resolve, reject };
      go();
    });
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      programs.set(key, { wake: () => untilRest(resolve) });
      sim.schedule(machine, WAKE, ms, name);
      rest.resolve();
    });
  return untilRest(() => {
    runOn(sim, machine, argv, { ...options, sleep })
      .then((result) => {
        if (result.exitCode === UNKNOWN && result.stderr.startsWith('simulator:'))
          throw new Error(result.stderr);
        ended(result);
        rest.resolve();
      })
      .catch((error: unknown) => rest.reject(error));
  });
};

const UNKNOWN = 127;

const wake: JobHandler = async ({ world }, machine, name) => {
  const programs = programsOf(world);
  const key = `${machine.spec.name} ${name}`;
  const program = programs.get(key);
  programs.delete(key);
  await program?.wake();
};

/** Starts a program for `setsid -f`; its errors go to the journal. */
const start: JobHandler = (sim, machine, about) => {
  const { argv, env } = JSON.parse(about) as { argv: string[]; env: Record<string, string> };
  sim.world.counter += 1;
  const name = `setsid ${sim.world.counter}`;
  const note = ({ stderr }: RunOnResult): void => {
    for (const line of stderr.split('\n')) if (line !== '') log(machine, argv[0] ?? '', line);
  };
  return inBackground(sim, machine, name, argv, note, { env });
};

/** Jobs that start and wake background programs. */
export const BACKGROUND_JOBS: Readonly<Record<string, JobHandler>> = {
  'background.start': start,
  [WAKE]: wake,
};
