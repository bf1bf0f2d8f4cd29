import type { MachineState } from '../../machines/provider.js';
import { isIPv4 } from 'node:net';

/** An instance as `multipass list` shows it. */
export interface Instance {
  readonly name: string;
  /** As the daemon prints it, e.g. `Running`, `Delayed Shutdown`, `Deleted`. */
  readonly state: string;
  /** IPv4 addresses; without `N/A`, which the daemon also prints. */
  readonly addresses: readonly string[];
  /** Availability zone, from 1.17 on. */
  readonly zone: string | undefined;
}

/**
 * The JSON in an output. The client draws its spinner on stdout even into a pipe, so this ignores everything before
 * the first brace and after the last one. Throws SyntaxError when there is no JSON.
 */
export const findJson = (stdout: string): unknown =>
  JSON.parse(stdout.slice(Math.max(stdout.indexOf('{'), 0), stdout.lastIndexOf('}') + 1)) as unknown;

interface RawInstance {
  readonly name: string;
  readonly state: string;
  readonly ipv4?: readonly string[];
  readonly zone?: { readonly name?: string };
}

/** Reads `list --format json` of any version. */
export const parseList = (stdout: string): readonly Instance[] => {
  const { list } = findJson(stdout) as { readonly list: readonly RawInstance[] };
  return list.map(({ name, state, ipv4 = [], zone }) => ({
    name,
    state,
    addresses: ipv4.filter(isIPv4),
    zone: zone?.name,
  }));
};

/** Versions of client and daemon; the daemon's is missing when it cannot be reached. */
export interface Versions {
  readonly client: string;
  readonly daemon: string | undefined;
}

/** Reads `version --format json`. */
export const parseVersions = (stdout: string): Versions => {
  const { multipass, multipassd } = findJson(stdout) as { multipass: string; multipassd?: string };
  return { client: multipass, daemon: multipassd };
};

/** Major and minor number of a version such as `1.16.3+mac` or `1.17.0-dev.12+gabc`. */
export const parseVersion = (
  text: string,
): { readonly major: number; readonly minor: number } | undefined => {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
};

/** States of an instance that is off. A soft-deleted one must be recovered before it can start. */
const OFF = new Set(['Stopped', 'Suspended', 'Deleted']);

/** The machine state for a state of the daemon. */
export const toMachineState = (state: string): MachineState => {
  if (state === 'Running') return 'running';
  return OFF.has(state) ? 'stopped' : 'unknown';
};
