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
  /** The error of this finding, if it has its own code and advice. */
  readonly error?: CliError;
}

/** One requirement for the host. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** What does not work without it; a lab does. */
  readonly optional?: string;
  applicable(): Promise<boolean> | boolean;
  run(): Promise<Finding>;
}

/** Nothing to fix; `found` may still hold a warning. */
export const good = (found: string): Finding => ({ ok: true, found });

/** A failed check, with commands that fix it. */
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

/** Runs the checks that apply to this host; with `needed`, only those that every lab needs. */
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

/** Deadline of `glusterfs --version`, in milliseconds; a program that hangs counts as missing. */
const ASK_MS = 20_000;

/** The Gluster client of the host; only `kglab mount` needs it. */
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

/** Free space in MiB at a path; for a missing path, at its nearest parent. */
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
