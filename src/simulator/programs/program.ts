import type { Budget } from '../world/faults.js';
import type { Files } from '../world/files.js';
import type { Sim } from '../world/sim.js';
import type { Io } from '../shell/streams.js';
import type { SimMachine, SimWorld } from '../world/world.js';

/** One run of a program on a machine. */
export interface Call {
  readonly sim: Sim;
  readonly world: SimWorld;
  readonly machine: SimMachine;
  readonly files: Files;
  /** Arguments, without the program's name. */
  readonly args: readonly string[];
  readonly io: Io;
  readonly env: Readonly<Record<string, string>>;
  /** How many programs run before kglab is killed, if a fault says so. */
  readonly budget: Budget | undefined;
  /** Messages about unknown programs and options: one fails the whole command, even if a script ignores it. */
  readonly unknown: string[];
  /** Sleeps in virtual time. Throws at the program's deadline and when the machine goes off. */
  sleep(ms: number): Promise<void>;
  /** Runs another program; returns its exit code. `change` replaces its streams, machine, files or sleep. */
  run(
    argv: readonly string[],
    change?: Partial<Pick<Call, 'io' | 'machine' | 'files' | 'sleep'>>,
  ): Promise<number>;
  /** Runs a shell script with arguments, and `name` as `$0`; returns its exit code. */
  shell(script: string, args: readonly string[], name?: string): Promise<number>;
}

/** A simulated program; returns its exit code. A FileProblem becomes its error message. */
export type Program = (call: Call) => number | Promise<number>;

/** A use of a program that the simulator does not know. It refuses instead of guessing. */
export class UnknownUse extends Error {}

export interface Options {
  /** Flags given, without dashes. */
  readonly flags: ReadonlySet<string>;
  /** Values by option name, without dashes. */
  readonly values: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

export interface Known {
  /** Options without a value: letters or long names. */
  readonly flags?: readonly string[];
  /** Options with a value. */
  readonly values?: readonly string[];
}

const cluster = (arg: string, args: string[], known: Required<Known>): [string, string][] => {
  const found: [string, string][] = [];
  for (let index = 1; index < arg.length; index += 1) {
    const letter = arg[index] as string;
    if (known.values.includes(letter)) {
      found.push([letter, arg.slice(index + 1) || (args.shift() ?? '')]);
      break;
    }
    if (!known.flags.includes(letter)) throw new UnknownUse(`option -${letter}`);
    found.push([letter, '']);
  }
  return found;
};

const long = (arg: string, args: string[], known: Required<Known>): [string, string] => {
  const [name = '', ...rest] = arg.replace(/^--?/, '').split('=');
  if (known.values.includes(name)) return [name, rest.length > 0 ? rest.join('=') : (args.shift() ?? '')];
  if (!known.flags.includes(name)) throw new UnknownUse(`option ${arg}`);
  return [name, rest.join('=')];
};

/** Parses arguments into options and words. Throws UnknownUse for an unknown option. */
export const options = (args: readonly string[], { flags = [], values = [] }: Known = {}): Options => {
  const known = { flags, values };
  const rest = [...args];
  const words: string[] = [];
  const found: [string, string][] = [];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') words.push(...rest.splice(0));
    else if (arg.startsWith('--') || (known.flags.includes(arg.slice(1)) && arg.length > 2))
      found.push(long(arg, rest, known));
    else if (arg.startsWith('-') && arg.length > 1) found.push(...cluster(arg, rest, known));
    else words.push(arg);
  }
  return { words, flags: new Set(found.map(([name]) => name)), values: Object.fromEntries(found) };
};
