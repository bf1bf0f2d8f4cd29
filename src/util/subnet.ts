/** An IPv4 range: its first address as a number, and the number of addresses. */
export interface Range {
  readonly first: number;
  readonly size: number;
}

const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** The range of a CIDR text, which may have host bits; undefined when it is invalid. */
export const parseRange = (cidr: string): Range | undefined => {
  const numbers = CIDR.exec(cidr)?.slice(1).map(Number);
  const prefix = numbers?.pop();
  if (numbers === undefined || prefix === undefined) return undefined;
  if (prefix > 32 || numbers.some((octet) => octet > 255)) return undefined;
  const size = 2 ** (32 - prefix);
  const address = numbers.reduce((sum, octet) => sum * 256 + octet, 0);
  return { first: address - (address % size), size };
};

/** A range as CIDR text: `10.77.0.0/24`. */
export const formatRange = ({ first, size }: Range): string =>
  `${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join('.')}/${32 - Math.log2(size)}`;

/** Addresses that no machine can have: network, gateway and broadcast. */
const RESERVED = 3;

/** The number of machines that a range has addresses for. */
export const machineRoom = ({ size }: Range): number => Math.max(0, size - RESERVED);

/** Whether two ranges share an address. */
export const rangesOverlap = (a: Range, b: Range): boolean =>
  a.first < b.first + b.size && b.first < a.first + a.size;

/** Whether a range is within the private ranges of RFC 1918. */
export const isPrivate = ({ first, size }: Range): boolean =>
  PRIVATE.map(parseRange).some(
    (range) => range !== undefined && range.first <= first && first + size <= range.first + range.size,
  );
