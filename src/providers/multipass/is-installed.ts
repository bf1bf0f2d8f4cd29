import { cmd, type Executor } from '../../exec/command.js';

/** What a shell, and the host's executor, say of a program that is not there. */
const NOT_FOUND = 127;

/** A program that hangs is there, too. */
const ANSWER_MS = 20_000;

/**
 * Whether the program multipass is on this host. It may well fail: its service is another matter. It is run in the home
 * folder, as a snap may not even stand in others.
 */
export const isInstalled = async (host: Executor, home: string): Promise<boolean> => {
  const version = { ...cmd('multipass', 'version'), cwd: home };
  return (await host.exec(version, { timeoutMs: ANSWER_MS })).exitCode !== NOT_FOUND;
};
