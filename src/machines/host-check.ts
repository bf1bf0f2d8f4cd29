import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { cmd, type Executor } from '../exec/command.js';

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

/** The version question of a program on this host; a program that hangs is as good as none. */
const ASK_MS = 20_000;

/** The host's own Gluster client, which only `kglab mount` needs. */
export const glusterClientCheck = (host: Executor, platform: NodeJS.Platform): Check => ({
  id: 'gluster-client',
  title: 'Gluster client',
  optional: 'kglab mount',
  applicable: () => platform === 'linux',
  run: async () => {
    const { exitCode, stdout } = await host.exec(cmd('glusterfs', '--version'), { timeoutMs: ASK_MS });
    if (exitCode === 0) return { ok: true, found: stdout.split('\n')[0] ?? '' };
    return { ok: false, found: 'not installed', fix: { packages: ['glusterfs-client'] } };
  },
});

const MIB = 1024 * 1024;

/** Free space in MiB at a path, or where it will be when it does not exist yet. */
export const freeMiB = async (path: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(path);
    return Math.floor((bavail * bsize) / MIB);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return freeMiB(dirname(path));
  }
};

/** Throws HOST_NO_SPACE when fewer than `needMiB` are free at `path`. */
export const assertSpace = async (path: string, needMiB: number, forWhat: string): Promise<void> => {
  const free = await freeMiB(path);
  if (free >= needMiB) return;
  throw new CliError('HOST_NO_SPACE', `${path} has ${free} MiB free; ${forWhat} needs ${needMiB} MiB.`, {
    hint: `See what fills it: df -h ${path}`,
  });
};
