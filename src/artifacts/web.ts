import { CliError } from '../errors/cli-error.js';
import type { Clock } from '../util/clock.js';
import { unavailable } from './published-release.js';
import type { Arch } from './release-names.js';

/** The other side has been silent for too long. */
export class Stalled extends Error {
  constructor(readonly silentMs: number) {
    super(`no data came for ${Math.round(silentMs / 1000)} s`);
    this.name = 'Stalled';
  }
}

export interface GuardOptions {
  readonly clock: Clock;
  /** How long nothing may happen, in milliseconds. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` with a signal that aborts with `signal`, or with Stalled when `beat` was not called for `stallMs`.
 * A limit on silence instead of on duration: 200 MB over a slow line may take long.
 */
export const guardStall = async <T>(
  { clock, stallMs, signal }: GuardOptions,
  work: (signal: AbortSignal, beat: () => void) => Promise<T>,
): Promise<T> => {
  const [stalled, done] = [new AbortController(), new AbortController()];
  let last = clock.now();
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(stallMs - (clock.now() - last), done.signal);
      if (done.signal.aborted) return;
      if (clock.now() - last >= stallMs) return stalled.abort(new Stalled(stallMs));
    }
  };
  // Ends by the rejection of its sleep once the work is done.
  watch().catch(() => undefined);
  try {
    const signals = signal === undefined ? [stalled.signal] : [signal, stalled.signal];
    return await work(AbortSignal.any(signals), () => (last = clock.now()));
  } catch (error) {
    throw stalled.signal.aborted && !signal?.aborted ? stalled.signal.reason : error;
  } finally {
    done.abort();
  }
};

/** The part of the global `fetch` that is used here. */
export type Fetch = (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;

/** How to reach the place where releases are published. */
export interface Web {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Default: K3S_RELEASES_URL; another for a mirror with the same layout. */
  readonly baseUrl?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Longest silence of the server in milliseconds. */
  readonly stallMs?: number | undefined;
}

/** A server that says nothing for so long is not coming back. Milliseconds. */
const STALL = 30_000;

/** An answer that is not a file. */
export class BadStatus extends Error {
  constructor(
    readonly status: number,
    statusText: string,
  ) {
    super(`the server answers ${status} ${statusText}`.trim());
    this.name = 'BadStatus';
  }
}

/** `fetch failed` says nothing: the reason is in the innermost cause. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error.cause;
  return inner === undefined ? error.message : reasonOf(inner);
};

/**
 * Gets a URL and hands the answer to `read`. A failure of the network becomes ARTIFACT_MISSING with the way out;
 * an abort of `signal` throws its reason; a CliError of `read` passes through.
 */
export const get = async <T>(
  web: Web,
  release: { readonly version: string; readonly arch: Arch },
  url: string,
  read: (response: Response, signal: AbortSignal, beat: () => void) => Promise<T>,
): Promise<T> => {
  const { clock, signal, stallMs = STALL } = web;
  try {
    return await guardStall({ clock, stallMs, signal }, async (guarded, beat) => {
      const response = await web.fetch(url, { signal: guarded });
      beat();
      if (response.ok) return read(response, guarded, beat);
      await response.body?.cancel();
      throw new BadStatus(response.status, response.statusText);
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof CliError) throw error;
    throw unavailable(release, `${url} cannot be downloaded: ${reasonOf(error)}`, error);
  }
};
