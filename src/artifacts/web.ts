import { CliError } from '../errors/cli-error.js';
import type { Clock } from '../util/clock.js';
import { unavailable } from './published-release.js';
import type { Arch } from './release-names.js';

/** The server sent nothing for too long. */
export class Stalled extends Error {
  constructor(readonly silentMs: number) {
    super(`no data for ${Math.round(silentMs / 1000)} s`);
    this.name = 'Stalled';
  }
}

export interface GuardOptions {
  readonly clock: Clock;
  /** Longest silence, in milliseconds. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` with a signal that aborts with `signal`, or with Stalled when `beat` was not called for `stallMs`.
 * Limits the silence, not the duration: 200 MB over a slow line may take long.
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
  // Ends when `done` aborts its sleep.
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

/** The part of the global `fetch` that kglab uses. */
export type Fetch = (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;

/** How to reach the server with the releases. */
export interface Web {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Default: K3S_RELEASES_URL; another for a mirror with the same layout. */
  readonly baseUrl?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Longest silence of the server in milliseconds. */
  readonly stallMs?: number | undefined;
}

/** Default of `stallMs`, in milliseconds. */
const STALL = 30_000;

/** The server answered with an error. */
export class BadStatus extends Error {
  constructor(
    readonly status: number,
    statusText: string,
  ) {
    super(`the server answered ${status} ${statusText}`.trim());
    this.name = 'BadStatus';
  }
}

/** The message of the innermost cause; `fetch` itself only says "fetch failed". */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error.cause;
  return inner === undefined ? error.message : reasonOf(inner);
};

/**
 * Gets a URL and passes the response to `read`. Throws ARTIFACT_MISSING (with the commands for a host without internet)
 * when the network or server fails, the reason of an aborted `signal`, and any CliError of `read`.
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
    throw unavailable(release, `${url} could not be downloaded: ${reasonOf(error)}`, error);
  }
};
