import { posix } from 'node:path';
import { Exit } from '../shell/state.js';
import { runScript } from '../shell/run.js';
import { Input, type Io, type ShellHost } from '../shell/streams.js';
import { SyntaxProblem } from '../shell/words.js';
import { CrashError, type Budget } from '../world/faults.js';
import { FileProblem, Files } from '../world/files.js';
import type { Sim } from '../world/sim.js';
import type { SimMachine, SimWorld } from '../world/world.js';
import { isPattern, patternOf, unescaped } from '../shell/pattern.js';
import { unlock } from './processes.js';
import { UnknownUse, type Call, type Program } from './program.js';
import { PROGRAMS } from './programs.js';

/** Exit code for a missing program, and for what the simulator does not know. */
const NOT_FOUND = 127;

const K3S = '/usr/local/bin/k3s';

/** Whether a program is installed, if it comes with a package or download. */
const isInstalled = (name: string, { machine, files }: Call): boolean => {
  if (['gluster', 'glusterd', 'getfattr', 'setfattr'].includes(name))
    return machine.packages.includes('glusterfs-server');
  return ['k3s', 'kubectl', 'ctr', 'crictl'].includes(name) ? files.exists(K3S) : true;
};

const unknown = (argv: readonly string[], why: string, call: Call): number => {
  const known = Object.keys(PROGRAMS).sort().join(', ');
  const message = `simulator: ${why}: ${argv.join(' ').slice(0, 300)}\nThe simulator knows these programs: ${known}\n`;
  call.unknown.push(message);
  return NOT_FOUND;
};

const programOf = (file: string, call: Call): Program | string => {
  const name = posix.basename(file);
  const path = file.includes('/') ? file : undefined;
  const text = path === undefined ? undefined : call.files.get(path)?.text;
  if (text?.startsWith('#!/bin/sh')) return (inner) => inner.shell(text, inner.args, path);
  const program = PROGRAMS[name];
  if (program === undefined) return text === undefined ? 'unknown program' : 'a program of unknown content';
  return isInstalled(name, call) ? program : `${file}: command not found`;
};

const namesIn = (folder: string, pattern: string, files: Files): readonly string[] => {
  if (!files.isDir(folder)) return [];
  if (!/^\\?\./.test(pattern)) return files.names(folder).filter((name) => !name.startsWith('.'));
  return ['.', '..', ...files.names(folder)].sort();
};

/** Existing paths that match a pattern; none in a directory that cannot be read. */
const glob = (pattern: string, files: Files): readonly string[] => {
  let found = [''];
  for (const part of pattern.match(/\/+|[^/]+/g) ?? [])
    found = found.flatMap((base) => {
      if (part.startsWith('/')) return base === '' || quietly(() => files.isDir(base)) ? [base + part] : [];
      if (!isPattern(part)) {
        const path = base + unescaped(part);
        return quietly(() => files.own(path) !== undefined || path.endsWith('.')) ? [path] : [];
      }
      const fits = patternOf(part);
      const names = quietly(() => namesIn(base === '' ? '.' : base, part, files)) ?? [];
      return names.filter((name) => fits.test(name)).map((name) => base + name);
    });
  return found.sort();
};

const quietly = <T>(look: () => T): T | undefined => {
  try {
    return look();
  } catch (error) {
    if (error instanceof FileProblem) return undefined;
    throw error;
  }
};

/** Process ids start above those of the system. */
const FIRST_PID = 1000;

/** A call of a program by another one. */
class ProgramCall implements Call {
  readonly sim: Sim;
  readonly world: SimWorld;
  readonly sleep: Call['sleep'];
  readonly budget: Call['budget'];
  readonly unknown: Call['unknown'];
  readonly files: Files;

  constructor(
    outer: Call,
    readonly args: readonly string[],
    readonly io: Io,
    readonly env: Readonly<Record<string, string>>,
    readonly machine: SimMachine = outer.machine,
    files: Files = outer.files,
    sleep: Call['sleep'] = outer.sleep,
  ) {
    this.sim = outer.sim;
    this.world = outer.world;
    this.sleep = sleep;
    this.budget = outer.budget;
    this.unknown = outer.unknown;
    this.files = env['PWD'] === undefined || env['PWD'] === files.folder ? files : files.from(env['PWD']);
  }

  run(argv: readonly string[], { io = this.io, machine, files, sleep }: Partial<Call> = {}): Promise<number> {
    return launch(argv, new ProgramCall(this, [], io, this.env, machine, files, sleep));
  }

  shell(script: string, words: readonly string[], name?: string): Promise<number> {
    return runScript(script, words, this.io, shellHost(this), this.env, name);
  }
}

/** A new process id. */
const newPid = (world: SimWorld): number => (world.pids = (world.pids ?? FIRST_PID) + 1);

const shellHost = (call: Call): ShellHost => {
  let pid: number | undefined;
  return { pid: () => (pid ??= newPid(call.world)), ...programHost(call) };
};

const programHost = (call: Call): Omit<ShellHost, 'pid'> => ({
  run: (argv, io, env) => launch(argv, new ProgramCall(call, [], io, env)),
  read: (path) => call.files.read(path),
  write: (path, text, append) => call.files.write(path, text, append),
  glob: (pattern, folder) => glob(pattern, call.files.from(folder)),
  unlock: (file) => unlock(call.machine, file),
  isDir: (path) => call.files.isDir(path),
  has: (name) => typeof programOf(name, call) !== 'string',
});

/** Runs a program; returns its exit code. Fails with a message for what the simulator does not know. */
const launch = async (argv: readonly string[], call: Call): Promise<number> => {
  const [file = '', ...args] = argv;
  if (call.budget && (call.budget.left -= 1) < 0) throw new CrashError();
  const program = programOf(file, call);
  if (typeof program === 'string') {
    if (!program.endsWith('not found')) return unknown(argv, program, call);
    call.io.err(`sh: ${program}\n`);
    return NOT_FOUND;
  }
  const broken = call.sim.broken(call.machine, argv);
  if (broken !== undefined) {
    call.io.err(`${broken}\n`);
    return 1;
  }
  try {
    return await program(new ProgramCall(call, args, call.io, call.env));
  } catch (error) {
    if (error instanceof Exit) return error.code;
    if (error instanceof UnknownUse) return unknown(argv, `unknown use (${error.message})`, call);
    if (error instanceof SyntaxProblem) return unknown(argv, `unknown syntax (${error.message})`, call);
    if (!(error instanceof FileProblem)) throw error;
    call.io.err(`${posix.basename(file)}: ${error.message}\n`);
    return 1;
  }
};

export interface RunOnOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Bind mounts, as in a container: path to real path. */
  readonly binds?: Readonly<Record<string, string>>;
  /** How to sleep; by default sleeping takes no time, because jobs cannot wait. */
  readonly sleep?: (ms: number) => Promise<void>;
  readonly budget?: Budget | undefined;
}

export interface RunOnResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program on a machine; resolves with its result. */
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
