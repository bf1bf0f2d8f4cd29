import { lastOf, parseArgs, type Parsed } from './args.js';
import { backendOf } from './backend.js';
import { errorsOccurred, failed, type Failure, usage } from './failure.js';
import { hang, take } from './faults.js';
import { withLock } from './files.js';
import { follow, post } from './jobs.js';
import { stateOf } from './look.js';
import { Spinner } from './screen.js';
import type { Record_, World } from './world.js';

/** What is done while the daemon's one thread serves nobody else. */
const blocking = async <T>(world: World, text: string, work: () => Promise<T>): Promise<T> => {
  const spinner = new Spinner();
  spinner.start(text);
  try {
    return await withLock(world.path('daemon.lock'), work);
  } finally {
    spinner.stop();
  }
};

const namesOf = ({ positionals, flags }: Parsed, world: World): readonly string[] => {
  if (flags.has('all') && positionals.length > 0) throw usage('Cannot specify name when --all option set');
  if (flags.has('all')) return world.all().map(({ name }) => name);
  if (positionals.length === 0) throw usage('Name argument or --all is required');
  return positionals;
};

/** The instances of those names; one that is not there fails the whole call. */
const recordsOf = (command: string, names: readonly string[], world: World): readonly Record_[] => {
  const missing = names.filter((name) => world.get(name) === undefined);
  if (missing.length > 0)
    throw errorsOccurred(command, ...missing.map((name) => `instance "${name}" does not exist`));
  return names.map((name) => world.get(name) as Record_);
};

/** Does something to an instance while nobody else does. One that was removed meanwhile fails the call. */
const alone = <T>(
  command: string,
  name: string,
  world: World,
  work: (record: Record_) => Promise<T> | T,
): Promise<T> => world.alone(name, () => work(recordsOf(command, [name], world)[0] as Record_));

/** `multipass start` */
export const start = async (args: readonly string[], world: World): Promise<void> => {
  const parsed = parseArgs(args, { all: 'flag', timeout: 'value' });
  const names = namesOf(parsed, world);
  const wrong = names.flatMap((name) => {
    const state = world.get(name)?.state;
    if (state === undefined) return [`Instance '${name}' does not exist.`];
    return state === 'Deleted'
      ? [`Instance '${name}' is deleted. Use 'recover' to recover it or 'purge' to permanently delete it.`]
      : [];
  });
  if (wrong.length > 0) throw failed('start', 'instance(s) missing', ...wrong);
  for (const { name } of recordsOf('start', names, world))
    await startOne(name, lastOf(parsed, 'timeout'), world);
};

const startOne = async (name: string, timeout: string | undefined, world: World): Promise<void> => {
  const job = await alone('start', name, world, (record) => beginStart(record, world));
  const seconds = timeout === undefined ? undefined : Number(timeout);
  if (job !== undefined)
    await follow(world, job, { seconds, text: 'Timed out waiting for instance to start.' });
};

/** Posts the job that starts an instance; undefined when it runs. */
const beginStart = async (record: Record_, world: World): Promise<ReturnType<typeof post> | undefined> => {
  const { name } = record;
  const state = await stateOf(record, world);
  if (state === 'Delayed Shutdown') world.setState(name, 'Running');
  if (state === 'Running' || state === 'Delayed Shutdown') return undefined;
  if (state === 'Unknown')
    throw errorsOccurred(
      'start',
      `Instance '${name}' is already running, but in an unknown state.`,
      'Try to stop it first.',
    );
  if (state === 'Suspending')
    throw errorsOccurred('start', `Cannot start the instance '${name}' while suspending.`);
  if (await take(world, 'start', ['new-address'], name)) await (await backendOf(world)).moveAddress(name);
  const fault = await take(world, 'start', ['ssh-timeout'], name);
  world.setState(name, 'Starting');
  return post(world, { what: 'start', name, fault: fault?.kind });
};

const badState = ({ name, state }: Record_, advice: string): Failure | undefined => {
  if (state === 'Suspended')
    return errorsOccurred('stop', `Cannot shut down suspended instance ${name}.`, advice);
  if (state === 'Suspending')
    return errorsOccurred('stop', `Cannot shut down instance ${name} while suspending.`, advice);
  return state === 'Starting'
    ? errorsOccurred('stop', `Cannot shut down instance ${name} while starting.`, advice)
    : undefined;
};

/** `multipass stop` */
export const stop = async (args: readonly string[], world: World): Promise<void> => {
  const forced = world.profile.minor >= 14 ? { force: 'flag' as const } : {};
  const parsed = parseArgs(args, { all: 'flag', time: 'value', cancel: 'flag', ...forced });
  const force = parsed.flags.has('force');
  if (force && (lastOf(parsed, 'time') !== undefined || parsed.flags.has('cancel')))
    throw usage("Cannot set 'force' along with 'time' or 'cancel' options at the same time");
  const names = namesOf(parsed, world);
  const records = recordsOf('stop', names, world);
  const gone = records.find(({ state }) => state === 'Deleted');
  if (gone !== undefined) throw errorsOccurred('stop', `instance "${gone.name}" is deleted`);
  for (const record of records) {
    if (!force) assertStoppable(record);
    await alone('stop', record.name, world, (now) =>
      blocking(world, `Stopping ${record.name}`, () => stopOne(now, force, world)),
    );
  }
};

const assertStoppable = (record: Record_): void => {
  const bad = badState(record, 'Use --force to power it off.');
  if (bad !== undefined) throw bad;
};

const stopOne = async (record: Record_, force: boolean, world: World): Promise<void> => {
  await hang(world, 'stopping', record.name);
  if ((await stateOf(record, world)) !== 'Stopped') {
    if (!force) assertStoppable(record);
    await (await backendOf(world)).stop(record.name, force);
  }
  world.setState(record.name, 'Stopped');
};

/** `multipass delete`: soft, or for good with `--purge`. */
export const remove = async (args: readonly string[], world: World): Promise<void> => {
  const parsed = parseArgs(args, { all: 'flag', purge: 'flag' });
  const names = namesOf(parsed, world);
  const removeOne = parsed.flags.has('purge') ? purgeOne : deleteOne;
  for (const record of recordsOf('delete', names, world)) {
    if (removeOne === deleteOne) assertDeletable(record);
    await alone('delete', record.name, world, (now) =>
      blocking(world, `Deleting ${now.name}`, () => removeOne(now, world)),
    );
  }
};

const assertDeletable = (record: Record_): void => {
  const bad = badState(record, 'Use --purge to forcefully delete it.');
  if (bad !== undefined && record.state !== 'Suspended') throw bad;
};

const purgeOne = async ({ name }: Record_, world: World): Promise<void> => {
  await (await backendOf(world)).remove(name);
  world.drop(name);
};

const deleteOne = async (record: Record_, world: World): Promise<void> => {
  const { name, state } = record;
  if (state === 'Deleted') return;
  assertDeletable(record);
  if (state !== 'Suspended') await (await backendOf(world)).stop(name, false);
  world.setState(name, 'Deleted');
};

/** `multipass recover` */
export const recover = async (args: readonly string[], world: World): Promise<void> => {
  const names = namesOf(parseArgs(args, { all: 'flag' }), world);
  for (const { name } of recordsOf('recover', names, world))
    await alone('recover', name, world, ({ state }) => {
      if (state === 'Deleted') world.setState(name, 'Stopped');
    });
};

/** `multipass purge`: everything that is soft-deleted, whoever has deleted it. */
export const purge = async (args: readonly string[], world: World): Promise<void> => {
  if (args.length > 0) throw usage('This command takes no arguments');
  for (const { name } of world.all().filter(({ state }) => state === 'Deleted'))
    await alone('purge', name, world, (record) => purgeOne(record, world));
};

/** `multipass suspend` */
export const suspend = async (args: readonly string[], world: World): Promise<void> => {
  const names = namesOf(parseArgs(args, { all: 'flag' }), world);
  for (const { name } of recordsOf('suspend', names, world))
    await alone('suspend', name, world, async (record) => {
      if ((await stateOf(record, world)) !== 'Running') return;
      await (await backendOf(world)).stop(name, true);
      world.setState(name, 'Suspended');
    });
};

/** `multipass restart` */
export const restart = async (args: readonly string[], world: World): Promise<void> => {
  const parsed = parseArgs(args, { all: 'flag', timeout: 'value' });
  const names = namesOf(parsed, world);
  for (const { name } of recordsOf('restart', names, world)) {
    await alone('restart', name, world, async (record) => {
      if ((await stateOf(record, world)) !== 'Running')
        throw errorsOccurred('restart', notRunning(name, world));
      await (await backendOf(world)).stop(name, false);
      world.setState(name, 'Stopped');
    });
    await startOne(name, lastOf(parsed, 'timeout'), world);
  }
};

const notRunning = (name: string, { profile: { minor } }: World): string => {
  if (minor >= 17) return `Instance '${name}' is not running`;
  return minor >= 15
    ? `Instance '${name}' is already running, but in an unknown state.\nTry to stop and start it instead.`
    : `instance "${name}" is not running`;
};

/** The commands of this file by name. */
export const LIFECYCLE = { start, stop, restart, suspend, delete: remove, recover, purge } as const;
