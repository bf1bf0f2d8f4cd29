/** An IPv4 range: its first address as a number, and how many addresses it has. */
export interface Range {
  readonly first: number;
  readonly size: number;
}

const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** The range that holds the address of a CIDR text (which may have host bits); undefined when it is none. */
export const parseRange = (cidr: string): Range | undefined => {
  const numbers = CIDR.exec(cidr)?.slice(1).map(Number);
  const prefix = numbers?.pop();
  if (numbers === undefined || prefix === undefined) return undefined;
  if (prefix > 32 || numbers.some((octet) => octet > 255)) return undefined;
  const size = 2 ** (32 - prefix);
  const address = numbers.reduce((sum, octet) => sum * 256 + octet, 0);
  return { first: address - (address % size), size };
};

/** `10.77.0.0/24` of a range. */
export const formatRange = ({ first, size }: Range): string =>
  `${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join('.')}/${32 - Math.log2(size)}`;

/** Addresses that no machine can have: the network's own, the gateway's and the one for broadcasts. */
const RESERVED = 3;

/** How many machines a range has addresses for. */
export const machineRoom = ({ size }: Range): number => Math.max(0, size - RESERVED);

/** Whether two ranges share an address. */
export const rangesOverlap = (a: Range, b: Range): boolean =>
  a.first < b.first + b.size && b.first < a.first + a.size;

/** Whether a range lies in the private ones of RFC 1918. */
export const isPrivate = ({ first, size }: Range): boolean =>
  PRIVATE.map(parseRange).some(
    (range) => range !== undefined && range.first <= first && first + size <= range.first + range.size,
  );
