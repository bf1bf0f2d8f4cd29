import { CliError } from '../../errors/cli-error.js';
import { formatRange, machineRoom, parseRange, rangesOverlap, type Range } from '../../util/subnet.js';

/** kglab chooses the ranges of labs from this one (RFC 1918; clouds and home routers seldom use it). */
const POOL = { first: 0x0a400000, size: 2 ** 22 } as const; // 10.64.0.0/10
const LAB_SIZE = 256;

/** The bridge gets .1. Machines start at .11, and use .2 to .10 when the rest is used up. */
const GATEWAY = 1;
const FIRST_MACHINE = 11;
const LOWEST_MACHINE = GATEWAY + 1;

/** A range in use on the host, and what uses it. */
export interface TakenRange {
  readonly range: Range;
  readonly by: string;
}

/** The first of `taken` that overlaps with the range, if any. */
export const findTaken = (range: Range, taken: readonly TakenRange[]): TakenRange | undefined =>
  taken.find((other) => rangesOverlap(range, other.range));

/**
 * A free /24 for the lab. The search starts at a position given by `seed` (hex digits), so that a lab normally gets the
 * same range again. Throws HOST_ADDRESS_TAKEN when none is free.
 */
export const chooseRange = (seed: string, taken: readonly TakenRange[]): Range => {
  const count = POOL.size / LAB_SIZE;
  const start = Number.parseInt(seed, 16) % count;
  for (let step = 0; step < count; step++) {
    const range = { first: POOL.first + ((start + step) % count) * LAB_SIZE, size: LAB_SIZE };
    if (findTaken(range, taken) === undefined) return range;
  }
  throw new CliError('HOST_ADDRESS_TAKEN', `No range in ${formatRange(POOL)} is free on this host.`, {
    hint: 'Set network.subnet in the lab file.',
  });
};

const formatAddress = (address: number): string =>
  formatRange({ first: address, size: 1 }).replace('/32', '');

/** The bridge's address, which is also the machines' gateway. */
export const gatewayOf = (subnet: Range): string => formatAddress(subnet.first + GATEWAY);

/** Bits of the range's mask, e.g. 24. */
export const prefixOf = ({ size }: Range): number => 32 - Math.log2(size);

/** The first free address for the `index`-th machine, wrapping around; undefined when the range is full. */
const nextFree = (index: number, used: ReadonlySet<string>, subnet: Range): string | undefined => {
  const room = machineRoom(subnet);
  for (let step = 0; step < room; step++) {
    const place = (FIRST_MACHINE - LOWEST_MACHINE + index + step) % room;
    const address = formatAddress(subnet.first + LOWEST_MACHINE + place);
    if (!used.has(address)) return address;
  }
  return undefined;
};

/**
 * An address for each machine: the one it has, otherwise .11 for the first, .12 for the second, …, otherwise the next
 * free one, with .2 after the highest. The order of creation does not matter. Throws CONFIG_INVALID when the range has
 * too few addresses.
 */
export const assignAddresses = (
  machines: readonly string[],
  existing: ReadonlyMap<string, string>,
  subnet: Range,
): ReadonlyMap<string, string> => {
  const result = new Map(existing);
  const used = new Set(existing.values());
  for (const [index, machine] of machines.entries()) {
    if (result.has(machine)) continue;
    const address = nextFree(index, used, subnet);
    if (address === undefined) throw tooSmall(subnet, machines.length);
    result.set(machine, address);
    used.add(address);
  }
  return result;
};

const tooSmall = (subnet: Range, machines: number): CliError =>
  new CliError(
    'CONFIG_INVALID',
    `The range ${formatRange(subnet)} has too few addresses for ${machines} machines.`,
    {
      hint: 'Set a larger network.subnet in the lab file; a /24 is enough for 253 machines.',
    },
  );

/** Parses CIDR notation. Throws CONFIG_INVALID when it is not valid. */
export const toRange = (cidr: string): Range => {
  const range = parseRange(cidr);
  if (range === undefined)
    throw new CliError('CONFIG_INVALID', `${cidr} is not an IPv4 range like 10.77.0.0/24.`);
  return range;
};
