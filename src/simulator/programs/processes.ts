import type { OpenFile } from '../shell/streams.js';
import type { Running, SimMachine } from '../world/world.js';
import { options, UnknownUse, type Program } from './program.js';

const UNITS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000 };

const millisecondsOf = (text: string): number => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (number === undefined || factor === undefined) throw new UnknownUse(`the duration ${text}`);
  return Number(number) * factor;
};

/** Exit code of timeout(1) after the deadline. */
const LATE = 124;

/** Ends a program at the deadline of timeout(1). */
class Late extends Error {}

/** timeout(1). Only sleeping takes virtual time. */
const timeout: Program = async (call) => {
  const words = [...call.args];
  while (words[0]?.startsWith('-')) {
    const flag = words.shift() as string;
    if (flag !== '-k' && flag !== '-s') throw new UnknownUse(`timeout ${flag}`);
    if (flag === '-k') millisecondsOf(words[0] ?? '');
    words.shift();
  }
  const [duration = '', ...argv] = words;
  let left = millisecondsOf(duration);
  const late = new Late();
  const sleep = async (ms: number): Promise<void> => {
    await call.sleep(Math.min(ms, left));
    if (ms > left) throw late;
    left -= ms;
  };
  try {
    return await call.run(argv, { sleep });
  } catch (error) {
    if (error === late) return LATE;
    throw error;
  }
};

/** `setsid -f`: runs a program in the background. */
const setsid: Program = ({ args, env, sim, machine }) => {
  const [flag, ...argv] = args;
  if (flag !== '-f' || argv[0]?.startsWith('-')) throw new UnknownUse('setsid without -f');
  sim.schedule(machine, 'background.start', 0, JSON.stringify({ argv, env }));
  return 0;
};

/** The locks of a machine, by path. They belong to processes, so a reboot loses them. */
const held = new WeakMap<Running, Map<string, OpenFile>>();

/** flock(2): tries to lock; returns whether the file has the lock. `once`: only test, for a file that is closed at once. */
export const lock = ({ running }: SimMachine, file: OpenFile, once = false): boolean => {
  if (running === undefined) return false;
  const owners = held.get(running) ?? new Map<string, OpenFile>();
  held.set(running, owners);
  const owner = owners.get(file.path);
  if (owner !== undefined && owner !== file) return false;
  if (!once) owners.set(file.path, file);
  return true;
};

/** Releases the lock of an open file, if it has it. */
export const unlock = ({ running }: SimMachine, file: OpenFile): void => {
  const owners = running && held.get(running);
  if (owners?.get(file.path) === file) owners.delete(file.path);
};

/** Pause between two tries to get a lock (milliseconds). */
const AGAIN_MS = 500;

/** flock(1): of an open descriptor, or of a file as a test with `true`. */
const flock: Program = async (call) => {
  const { flags, values, words } = options(call.args, { flags: ['n'], values: ['w'] });
  const [target = '', ...argv] = words;
  const open = call.io.files?.[Number(target)];
  const isFree = open === undefined && argv.join(' ') === 'true';
  if (open === undefined && !isFree) throw new UnknownUse(`flock ${call.args.join(' ')}`);
  const file = open ?? { path: call.files.real(target), write: () => undefined };
  let left = flags.has('n') ? 0 : values['w'] === undefined ? Infinity : millisecondsOf(values['w']);
  while (!lock(call.machine, file, isFree)) {
    if (left <= 0) return 1;
    await call.sleep(AGAIN_MS);
    left -= AGAIN_MS;
  }
  return 0;
};

/** Programs about processes. */
export const PROCESS_PROGRAMS: Readonly<Record<string, Program>> = { timeout, setsid, flock };
