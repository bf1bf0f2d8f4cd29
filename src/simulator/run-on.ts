import type { Budget } from './faults.js';
import { Files } from './files.js';
import { launch } from './launch.js';
import type { Call } from './program.js';
import { Input } from './shell/streams.js';
import type { Sim } from './sim.js';
import type { SimMachine } from './world.js';

export interface RunOnOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Paths that stand for others, as in a container. */
  readonly binds?: Readonly<Record<string, string>>;
  /** How to wait; without it waiting takes no time (what happens by itself cannot wait). */
  readonly sleep?: (ms: number) => Promise<void>;
  readonly budget?: Budget | undefined;
}

export interface RunOnResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program on a machine to its end. */
export const runOn = async (
  sim: Sim,
  machine: SimMachine,
  argv: readonly string[],
  { stdin = '', env = {}, binds = {}, sleep = () => Promise.resolve(), budget }: RunOnOptions = {},
): Promise<RunOnResult> => {
  let [stdout, stderr] = ['', ''];
  const call: Call = {
    sim,
    world: sim.world,
    machine,
    files: new Files(sim.world, machine, binds),
    args: [],
    io: {
      input: new Input(stdin),
      out: (text) => void (stdout += text),
      err: (text) => void (stderr += text),
    },
    env,
    sleep,
    budget,
    unknown: [],
    run: (words, change) => launch(words, { ...call, ...change }),
    shell: () => Promise.reject(new Error('only programs run scripts')),
  };
  const exitCode = await launch(argv, call);
  if (call.unknown.length > 0) return { exitCode: 127, stdout, stderr: call.unknown.join('') + stderr };
  return { exitCode, stdout, stderr };
};
