import type { CliError } from '../errors/cli-error.js';

/** What a check found on this host. */
export interface Finding {
  readonly ok: boolean;
  /** What was found, in a few words. */
  readonly found: string;
  readonly fix?: {
    /** Debian packages that bring what is missing. */
    readonly packages?: readonly string[];
    /** Commands for a person. */
    readonly commands?: readonly string[];
  };
  /** The error that the finding comes down to, where it has a code and advice of its own. */
  readonly error?: CliError;
}

/** One thing that a host must offer. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** What cannot be done without it; a lab can. */
  readonly optional?: string;
  applicable(): Promise<boolean> | boolean;
  run(): Promise<Finding>;
}

/** Nothing is in the way, though there may be something to say. */
export const good = (found: string): Finding => ({ ok: true, found });

/** Something is in the way, with the commands that a person can do about it. */
export const bad = (found: string, ...commands: readonly string[]): Finding => ({
  ok: false,
  found,
  ...(commands.length > 0 && { fix: { commands } }),
});

/** A check and what it found. */
export interface Checked {
  readonly check: Check;
  readonly finding: Finding;
}

/** Runs the checks that apply to this host; with `needed`, only those of what a lab cannot do without. */
export const runChecks = async (
  checks: readonly Check[],
  { needed = false }: { readonly needed?: boolean } = {},
): Promise<readonly Checked[]> => {
  const results: Checked[] = [];
  for (const check of checks) {
    if (needed && check.optional !== undefined) continue;
    if (await check.applicable()) results.push({ check, finding: await check.run() });
  }
  return results;
};
