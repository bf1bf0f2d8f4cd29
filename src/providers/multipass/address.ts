import { isIPv4 } from 'node:net';
import { guestScript } from '../../guest/script.js';
import type { Clock } from '../../util/clock.js';
import type { Machine } from '../../machines/provider.js';

const ASK_MS = 10_000;

/** How long an answer, or its absence, is cached, in milliseconds: nothing waits for a dead guest twice. */
const KEPT_MS = 5_000;

/** Asks the machine itself; undefined when it gives no answer. */
const askAddress = async (machine: Machine, signal?: AbortSignal): Promise<string | undefined> => {
  try {
    const { stdout } = await machine.exec(guestScript('machines.sh', 'own_address'), {
      timeoutMs: ASK_MS,
      ...(signal && { signal }),
    });
    return isIPv4(stdout.trim()) ? stdout.trim() : undefined;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
};

/**
 * Addresses of running machines. kglab asks each machine itself: for `multipass list` with addresses, the daemon asks
 * every guest on its only thread, and one guest that hangs would block even `down`.
 */
export class Addresses {
  private readonly known = new Map<string, { readonly address: string | undefined; readonly at: number }>();

  constructor(
    private readonly machine: (name: string) => Machine,
    private readonly clock: Clock,
  ) {}

  /** The address, cached or asked for; undefined when the machine does not answer. */
  async of(name: string, signal?: AbortSignal): Promise<string | undefined> {
    const found = this.known.get(name);
    if (found !== undefined && this.clock.now() - found.at < KEPT_MS) return found.address;
    return this.ask(name, signal);
  }

  async ask(name: string, signal?: AbortSignal): Promise<string | undefined> {
    const address = await askAddress(this.machine(name), signal);
    this.known.set(name, { address, at: this.clock.now() });
    return address;
  }

  forget(name: string): void {
    this.known.delete(name);
  }
}
