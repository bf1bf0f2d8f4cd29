import { errorsOccurred, failed, usage } from './failure.js';
import { lastOf, parseArgs } from './args.js';
import { backendOf } from './backend.js';
import { take } from './faults.js';
import { withLock } from './files.js';
import { print, qtJson } from './screen.js';
import { GIB, MIB } from './sizes.js';
import type { Record_, World } from './world.js';

const RELEASES: Readonly<Record<string, string>> = {
  '22.04': '22.04.5 LTS',
  '24.04': '24.04.3 LTS',
  '26.04': '26.04 LTS',
};

/** Whoever looks at an instance waits for the daemon's one thread. */
export const whenFree = (world: World): Promise<void> => withLock(world.path('daemon.lock'), () => undefined);

const assertFormat = (format: string | undefined): void => {
  if (format !== undefined && !['table', 'json', 'csv', 'yaml'].includes(format))
    throw usage('Invalid format type given.');
};

/** The state, in which a machine that has lost its power by itself is seen as stopped. */
export const stateOf = async (record: Record_, world: World): Promise<string> => {
  if (record.state !== 'Running' && record.state !== 'Delayed Shutdown') return record.state;
  return (await (await backendOf(world)).isUp(record.name)) ? record.state : 'Stopped';
};

const addressesOf = async (record: Record_, state: string, world: World): Promise<readonly string[]> => {
  if (state !== 'Running' && state !== 'Delayed Shutdown') return [];
  if ((await take(world, 'list', ['no-address'], record.name)) !== undefined) return ['N/A'];
  const found = await (await backendOf(world)).addresses(record.name);
  const more = await take(world, 'list', ['more-addresses'], record.name);
  return more === undefined ? found : [...found, '172.17.0.1', '10.42.0.0', '192.168.99.7'];
};

const zoneOf = (record: Record_, { profile }: World): object =>
  profile.minor >= 17 ? { zone: { name: record.zone, available: true } } : {};

/** `multipass list` */
export const list = async (args: readonly string[], world: World): Promise<void> => {
  const parsed = parseArgs(args, { format: 'value', 'no-ipv4': 'flag', snapshots: 'flag' });
  assertFormat(lastOf(parsed, 'format'));
  if (parsed.positionals.length > 0) throw usage('This command takes no arguments');
  await whenFree(world);
  const shown = world.all().map(async (record) => {
    const state = await stateOf(record, world);
    const ipv4 = parsed.flags.has('no-ipv4') ? [] : await addressesOf(record, state, world);
    const release = `Ubuntu ${(RELEASES[record.image] ?? '24.04 LTS').replace(/\.\d+ LTS/, ' LTS')}`;
    return { ipv4, name: record.name, release, state, ...zoneOf(record, world) };
  });
  const rows = await Promise.all(shown);
  if (lastOf(parsed, 'format') === 'json') return print(qtJson({ list: rows }));
  if (rows.length === 0) return print('No instances found.\n');
  const lines = rows.map(({ name, state, ipv4, release }) => [name, state, ipv4[0] ?? '--', release]);
  print([['Name', 'State', 'IPv4', 'Image'], ...lines].map((row) => `${row.join('  ')}\n`).join(''));
};

const details = async (record: Record_, world: World): Promise<object> => {
  const state = await stateOf(record, world);
  const runs = state === 'Running' || state === 'Delayed Shutdown';
  return {
    cpu_count: runs ? String(record.cpus) : '',
    disks: { sda1: runs ? { total: String(record.diskGiB * GIB), used: String(GIB) } : {} },
    image_hash: 'a'.repeat(64),
    image_release: '24.04 LTS',
    ipv4: await addressesOf(record, state, world),
    load: runs ? [0.04, 0.06, 0.06] : [],
    memory: runs ? { total: record.memoryMiB * MIB, used: 178364416 } : {},
    mounts: {},
    release: runs ? 'Ubuntu 24.04.3 LTS' : '',
    ...(world.profile.minor >= 13 && { snapshot_count: String(record.snapshots.length) }),
    state,
    ...zoneOf(record, world),
  };
};

/** `multipass info` */
export const info = async (args: readonly string[], world: World): Promise<void> => {
  const { minor } = world.profile;
  const all = minor < 17 ? { all: 'flag' as const } : {};
  const parsed = parseArgs(args, {
    format: 'value',
    snapshots: 'flag',
    'no-runtime-information': 'flag',
    ...all,
  });
  assertFormat(lastOf(parsed, 'format'));
  if (minor < 13 && parsed.positionals.length === 0 && !parsed.flags.has('all'))
    throw usage('Name argument or --all is required');
  await whenFree(world);
  const names = parsed.positionals.length > 0 ? parsed.positionals : world.all().map(({ name }) => name);
  const missing = names.filter((name) => world.get(name) === undefined);
  if (missing.length > 0)
    throw errorsOccurred('info', ...missing.map((name) => `instance "${name}" does not exist`));
  const entries: [string, object][] = [];
  for (const name of names) {
    const record = world.get(name) as Record_;
    if (record.state === 'Running' && (await take(world, 'info', ['ssh-failed'], name)))
      throw failed('info', "ssh connection failed: 'Timeout connecting to 10.9.8.7'");
    entries.push([name, await details(record, world)]);
  }
  print(qtJson({ errors: [], info: Object.fromEntries(entries) }));
};

/** `multipass version`; `reachable`: whether the daemon answers. */
export const version = async (args: readonly string[], world: World, reachable: boolean): Promise<void> => {
  const parsed = parseArgs(args, { format: 'value' });
  assertFormat(lastOf(parsed, 'format'));
  if (reachable) await whenFree(world);
  const { version: multipass } = world.profile;
  const shown = { multipass, ...(reachable && { multipassd: multipass }) };
  if (lastOf(parsed, 'format') === 'json') return print(qtJson(shown));
  print(
    Object.entries(shown)
      .map(([name, value]) => `${name.padEnd(12)}${value}\n`)
      .join(''),
  );
};
