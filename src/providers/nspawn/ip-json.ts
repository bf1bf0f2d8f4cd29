import { parseRange } from '../../util/subnet.js';
import type { TakenRange } from './addresses.js';

/** An interface as `ip -j link` or `ip -j addr` lists it. */
export interface Link {
  readonly name: string;
  /** The bridge it is a port of. */
  readonly bridge: string | undefined;
  readonly alias: string | undefined;
  readonly kind: string | undefined;
  readonly up: boolean;
  /** IPv4 addresses with their prefix, e.g. `10.77.0.1/24`. */
  readonly addresses: readonly string[];
}

interface RawLink {
  readonly ifname?: string;
  readonly ifalias?: string;
  readonly master?: string;
  readonly flags?: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info?: readonly {
    readonly family?: string;
    readonly local?: string;
    readonly prefixlen?: number;
  }[];
}

/** `ip -j` prints nothing, not even `[]`, for an empty list. */
const parseArray = <T>(json: string): readonly T[] => (json.trim() === '' ? [] : (JSON.parse(json) as T[]));

/** Reads `ip -j -d addr show`. Skips the empty objects that some versions print as addresses. */
export const parseLinks = (json: string): readonly Link[] =>
  parseArray<RawLink>(json)
    .filter(({ ifname }) => ifname !== undefined)
    .map((raw) => ({
      name: raw.ifname ?? '',
      bridge: raw.master,
      alias: raw.ifalias,
      kind: raw.linkinfo?.info_kind,
      up: raw.flags?.includes('UP') ?? false,
      addresses: (raw.addr_info ?? [])
        .filter(({ family, local }) => family === 'inet' && local !== undefined)
        .map(({ local, prefixlen }) => `${local}/${prefixlen ?? 32}`),
    }));

interface RawRoute {
  readonly dst?: string;
  readonly dev?: string;
  readonly table?: string;
}

const asCidr = (dst: string): string => (dst.includes('/') ? dst : `${dst}/32`);

/** The ranges of all routes except default routes; from `ip -j -4 route show table all`. */
export const parseRoutes = (json: string): readonly TakenRange[] =>
  parseArray<RawRoute>(json).flatMap(({ dst = 'default', dev }) => {
    const range = dst === 'default' || dst === '0.0.0.0/0' ? undefined : parseRange(asCidr(dst));
    return range === undefined
      ? []
      : [{ range, by: dev === undefined ? `route ${dst}` : `${dst} on ${dev}` }];
  });

/** Whether the main table has a default route. */
export const hasDefaultRoute = (json: string): boolean =>
  parseArray<RawRoute>(json).some(
    ({ dst, table }) => dst === 'default' && (table === undefined || table === 'main'),
  );
