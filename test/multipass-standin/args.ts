import { usage } from './failure.js';

/** Options of a command: name without dashes → whether it takes a value. */
export type OptionSpec = Readonly<Record<string, 'flag' | 'value' | 'values'>>;

export interface Parsed {
  readonly positionals: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly values: Readonly<Record<string, readonly string[]>>;
}

const SHORT: Readonly<Record<string, string>> = {
  n: 'name',
  c: 'cpus',
  m: 'memory',
  d: 'disk',
  p: 'purge',
  t: 'time',
  v: 'verbose',
};

/** Parses as Qt does: options anywhere, `--opt=v`, `--opt v`, `-ov`; `--` ends options. */
export const parseArgs = (args: readonly string[], spec: OptionSpec, short = SHORT): Parsed => {
  const positionals: string[] = [];
  const flags = new Set<string>();
  const values: Record<string, string[]> = {};
  const take = (
    name: string,
    shown: string,
    given: string | undefined,
    next: () => string | undefined,
  ): void => {
    const kind = name === 'verbose' ? 'flag' : spec[name];
    if (kind === undefined) throw usage(`Unknown option '${shown}'.`);
    if (kind === 'flag') return void flags.add(name);
    const value = given ?? next();
    if (value === undefined) throw usage(`Missing value after '--${name}'.`);
    (values[name] ??= []).push(value);
  };
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] as string;
    const next = (): string | undefined => args[++index];
    if (word === '--') return { positionals: [...positionals, ...args.slice(index + 1)], flags, values };
    const long = /^--([^=]+)(?:=(.*))?$/s.exec(word);
    const brief = /^-([a-zA-Z])(.*)$/s.exec(word);
    if (long) take(long[1] as string, long[1] as string, long[2], next);
    else if (brief && /^v+$/.test(word.slice(1))) flags.add('verbose');
    else if (brief) take(short[brief[1] as string] ?? '?', brief[1] as string, brief[2] || undefined, next);
    else positionals.push(word);
  }
  return { positionals, flags, values };
};

/** The last value of an option. */
export const lastOf = ({ values }: Parsed, name: string): string | undefined => values[name]?.at(-1);
