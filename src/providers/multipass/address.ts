import { sh } from '../../exec/command.js';
import type { Machine } from '../provider.js';
import { isIpv4 } from './parse.js';

/** Ranges of k3s' pods and services (10.42.0.0/16, 10.43.0.0/16) and of Docker: addresses on a node, but not its own. */
const INSIDE = /^(10\.4[23]|172\.17)\./;

/** The address that a machine speaks to the world with; no packet is sent. */
const ASK = "ip -4 route get 192.0.2.1 | sed -n 's/.* src \\([0-9.]*\\).*/\\1/p'";
const ASK_MS = 20_000;

/**
 * The machine's own among the addresses that the daemon shows: normally its management address and, with Kubernetes
 * running, those of bridges inside. Undefined when that is not certain.
 */
export const pickAddress = (addresses: readonly string[]): string | undefined => {
  const own = addresses.filter((address) => !INSIDE.test(address));
  return own.length === 1 ? own[0] : undefined;
};

/** Asks the machine itself; undefined when it gives no answer. */
export const askAddress = async (machine: Machine, signal?: AbortSignal): Promise<string | undefined> => {
  try {
    const { stdout } = await machine.exec(sh(ASK), { timeoutMs: ASK_MS, ...(signal && { signal }) });
    return isIpv4(stdout.trim()) ? stdout.trim() : undefined;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
};
