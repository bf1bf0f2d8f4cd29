import { lastOf, parseArgs, type Parsed } from './args.js';
import { loadUserData } from './cloud-init.js';
import { claimName, handOver } from './daemon.js';
import { failed, Failure, usage } from './failure.js';
import { take, type Fault } from './faults.js';
import { sleep, writeJson } from './files.js';
import { findImage, unreachable } from './images.js';
import { follow, post } from './jobs.js';
import { print } from './screen.js';
import { GIB, MIB, parseSize } from './sizes.js';
import type { Record_, World } from './world.js';

const NAME = /^([a-zA-Z]|[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9])$/;

const size = (parsed: Parsed, option: string, standard: number): number => {
  const text = lastOf(parsed, option);
  if (text === undefined) return standard;
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  const what = `${text} is not a valid memory size - need a non-negative integer (in base 10) or a decimal followed by K, M, or G (e.g. 1234B, 42MiB, 0.5G)`;
  throw new Failure(1, `[2026-05-19T00:00:00.000] [error] [client] Caught an unhandled exception: ${what}\n`);
};

const timeoutOf = (parsed: Parsed): number | undefined => {
  const text = lastOf(parsed, 'timeout');
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) === 0)
    throw usage('error: --timeout value has to be a positive integer');
  return Number(text);
};

const parse = (args: readonly string[], { profile }: World): Parsed => {
  const parsed = parseArgs(args, {
    ...{
      name: 'value',
      cpus: 'value',
      memory: 'value',
      disk: 'value',
      'cloud-init': 'value',
      timeout: 'value',
    },
    ...{ network: 'values', mount: 'values', bridged: 'flag' },
    ...(profile.minor < 17 ? { mem: 'value' } : { zone: 'value' }),
  });
  if (parsed.positionals.length > 1) throw usage('Too many arguments supplied');
  const cpus = lastOf(parsed, 'cpus') ?? '1';
  if (!/^\d+$/.test(cpus) || Number(cpus) < 1)
    throw usage(
      `error: Invalid CPU count '${cpus}', need a positive integer value.`.replace('error: I', 'Error: i'),
    );
  return parsed;
};

/** What the daemon refuses before it does anything. */
const assertValid = (record: Record_, sizes: { memory: string; disk: string }, world: World): void => {
  const { minor } = world.profile;
  const invalid = (text: string): Failure => failed('launch', 'Invalid arguments supplied', text);
  if (record.memoryMiB < (minor >= 17 ? 512 : 128))
    throw invalid(`Invalid memory size value supplied: ${sizes.memory}.`);
  if (record.diskGiB < (minor >= 17 ? 1 : 0.5))
    throw invalid(`Invalid disk size value supplied: ${sizes.disk}.`);
  if (!NAME.test(record.name)) throw invalid(`Invalid instance name supplied: ${record.name}`);
  if (!/^zone[123]$/.test(record.zone)) throw invalid(`Unavailable zone name supplied: ${record.zone}`);
  if (world.get(record.name) !== undefined)
    throw failed('launch', `instance "${record.name}" already exists`);
  if (world.isPreparing(record.name)) throw failed('launch', `instance "${record.name}" is being prepared`);
};

const REFUSALS: Readonly<Record<string, string>> = {
  hash: 'Downloaded image hash does not match',
  'no-memory': 'Not enough memory in the system to start the virtual machine',
  kvm: 'KVM support is not enabled on this machine.',
  'no-disk': 'Available disk (1073741824 bytes) below minimum for this image (3758096384 bytes)',
};

const refuse = async (world: World, name: string): Promise<void> => {
  const fault = await take(world, 'launch', ['offline', ...Object.keys(REFUSALS)], name);
  if (fault?.kind === 'offline') throw unreachable('launch', world);
  if (fault !== undefined) throw failed('launch', REFUSALS[fault.kind] ?? fault.kind);
};

/** A package that there is none of makes cloud-init fail, and launch does not notice. */
const withFault = (userData: string, fault: Fault | undefined): string =>
  fault?.kind === 'cloud-init-error'
    ? `${userData.replace(/^packages:.*\n(?: {2}- .*\n)*/m, '')}packages:\n  - no-such-package\n`
    : userData;

const ENDS = [
  'ssh-timeout',
  'init-timeout',
  'client-timeout',
  'client-timeout-in-download',
  'never',
  'cloud-init-error',
];

/** `multipass launch` */
export const launch = async (args: readonly string[], world: World): Promise<void> => {
  const parsed = parse(args, world);
  const name = lastOf(parsed, 'name') ?? `standin-${process.pid}`;
  const seconds = timeoutOf(parsed);
  const userData = loadUserData(lastOf(parsed, 'cloud-init'), world);
  const image = findImage(parsed.positionals[0] ?? 'default');
  const record: Record_ = {
    ...{ name, state: 'Preparing', image: image ?? '', userData, snapshots: [] },
    cpus: Number(lastOf(parsed, 'cpus') ?? 1),
    memoryMiB: size(parsed, 'memory', GIB) / MIB,
    diskGiB: size(parsed, 'disk', 5 * GIB) / GIB,
    zone: lastOf(parsed, 'zone') ?? 'zone1',
  };
  assertValid(record, { memory: lastOf(parsed, 'memory') ?? '', disk: lastOf(parsed, 'disk') ?? '' }, world);
  if (image === undefined)
    throw failed('launch', `Unable to find an image matching "${parsed.positionals[0] ?? ''}" in remote "".`);
  await refuse(world, name);
  if (!claimName(world, name)) throw failed('launch', `instance "${name}" is being prepared`);
  // Whoever only asks whether a name is free gets no further than the image.
  const fault = await take(world, 'launch', ENDS, name);
  writeJson(world.path('preparing', `${name}.json`), { ...record, userData: withFault(userData, fault) });
  await carryOut(world, record, fault, seconds);
  print(`Launched: ${name}${world.profile.minor >= 17 ? ` in ${record.zone}` : ''}\n`);
};

const carryOut = async (
  world: World,
  { name }: Record_,
  fault: Fault | undefined,
  seconds: number | undefined,
): Promise<void> => {
  const text = 'Timed out waiting for instance launch.';
  const slow = fault?.kind === 'client-timeout-in-download';
  const downloadSeconds = slow ? (fault.seconds ?? 5) : Number(world.env['MULTIPASS_STANDIN_DOWNLOAD'] ?? 0);
  if (fault?.kind === 'never') throw new Failure(5, `${text}\n`);
  const job = post(world, { what: 'launch', name, downloadSeconds, fault: fault?.kind });
  // The client may be gone before the daemon has begun, which stands for the name from here on.
  handOver(world, name, job.pid);
  // As if the time were over: at once, or when the instance has begun to start.
  while (fault?.kind === 'client-timeout' && world.get(name) === undefined) await sleep(50);
  if (slow || fault?.kind === 'client-timeout') {
    await sleep(300);
    throw new Failure(5, `${text}\n`);
  }
  await follow(world, job, { seconds, text });
};
