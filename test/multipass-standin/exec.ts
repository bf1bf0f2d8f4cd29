import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { childrenOf, findProcess, sendSignal } from '../../src/exec/host-process.js';
import { errorsOccurred, failed, Failure, usage } from './failure.js';
import { backendOf } from './backend.js';
import { take } from './faults.js';
import { follow, post } from './jobs.js';
import { stateOf } from './look.js';
import type { World } from './world.js';

interface Split {
  readonly name: string;
  readonly words: readonly string[];
  readonly mapped: boolean;
}

const HELP =
  'Options to the inner command should come after "--", like this:\nmultipass exec <instance> -- <command> <arguments>\n';

/** Options of the inner command must come after `--`. */
const split = (args: readonly string[]): Split => {
  const positionals: string[] = [];
  let mapped = true;
  let directory: string | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] as string;
    if (word === '--') {
      positionals.push(...args.slice(index + 1));
      break;
    }
    if (word === '-n' || word === '--no-map-working-directory') mapped = false;
    else if (word === '-d' || word === '--working-directory') directory = args[++index];
    else if (word.startsWith('-')) throw usage(`Unknown option '${word.replace(/^-+/, '')}'.\n\n${HELP}`);
    else positionals.push(word);
  }
  if (!mapped && directory !== undefined)
    throw usage('Options --working-directory and --no-map-working-directory clash');
  const [name, ...words] = positionals;
  if (name === undefined || words.length === 0) throw usage('Wrong number of arguments');
  const inner =
    directory === undefined ? words : ['sh', '-c', 'cd "$1"; shift; exec "$@"', 'sh', directory, ...words];
  return { name, words: inner, mapped };
};

const sshFailed = (world: World, reason: string): Failure => {
  const { stderr } = failed('exec', `ssh connection failed: '${reason}'`);
  return new Failure(world.profile.minor >= 17 ? 255 : 2, stderr);
};

/** Makes sure that there is an instance that runs, which may mean to start it, spinner and all. */
const ensureRunning = async ({ name, mapped }: Split, world: World): Promise<void> => {
  const record = world.get(name);
  const missing = errorsOccurred('exec', `instance "${name}" does not exist`);
  if (record === undefined) throw mapped ? new Failure(2, missing.stderr + missing.stderr) : missing;
  const state = await stateOf(record, world);
  if (state === 'Deleted') throw errorsOccurred('exec', `instance "${name}" is deleted`);
  if (state === 'Unknown') throw failed('exec', 'Cannot retrieve credentials in unknown state');
  if (state === 'Running' || state === 'Delayed Shutdown') return;
  if (state === 'Starting') {
    if (!(await (await backendOf(world)).isUp(name))) throw sshFailed(world, 'Timeout connecting');
    return;
  }
  const job = post(world, { what: 'start', name });
  await follow(world, job, { seconds: undefined, text: '' });
};

/**
 * Forwards stdin until the command ends, whether that reads it or not. Not by `pipe`: that looks at process.stdout,
 * which makes what the command itself writes to non-blocking.
 */
const forward = (from: NodeJS.ReadStream, to: Writable): void => {
  let gone = false;
  to.on('error', () => {
    gone = true;
    from.resume();
  });
  from.on('data', (chunk) => {
    if (gone || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.on('end', () => to.end());
};

/** A machine dies: the wrapper of a command first, so that it says nothing more, then what it has started. */
const die = async (pid: number): Promise<void> => {
  const found = await findProcess(pid);
  if (found === undefined) return;
  // Stopped, it starts nothing more.
  await sendSignal(found, 'SIGSTOP');
  const children = await childrenOf(pid);
  await sendSignal(found, 'SIGKILL');
  for (const child of children) await die(child);
};

/** `multipass exec`: the exit code is that of the command. */
export const exec = async (args: readonly string[], world: World): Promise<number> => {
  const what = split(args);
  await ensureRunning(what, world);
  const fault = await take(world, 'exec', ['ssh-failed', 'freeze', 'drop'], what.name);
  if (fault?.kind === 'ssh-failed') throw sshFailed(world, 'Timeout connecting to 10.9.8.7');
  // A machine that dies while the client is connected: there is no keepalive, so the client waits for ever.
  if (fault?.kind === 'freeze') return new Promise(() => setInterval(() => undefined, 1000));
  const terminal = isatty(0) && isatty(1);
  const child = await (await backendOf(world)).spawn(what.name, what.words, terminal);
  if (child.stdin !== null) forward(process.stdin, child.stdin);
  if (fault?.kind === 'drop') {
    await new Promise((resolve) => setTimeout(resolve, (fault.seconds ?? 0.2) * 1000));
    if (child.pid !== undefined) await die(child.pid);
    return 255;
  }
  return new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(signal === null ? (code ?? 255) : 255)),
  );
};
