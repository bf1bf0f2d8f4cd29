import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { CliError } from '../errors/cli-error.js';
import type { Command } from './command.js';

/**
 * Starts a program that outlives kglab: a session of its own, nothing on stdin, both outputs appended to `logFile`
 * (mode 0600). Returns its process id. Throws MACHINE_FAILED when it cannot be started.
 */
export const spawnDetached = async (command: Command, logFile: string): Promise<number> => {
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn(command.file, command.args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', ...command.env },
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return child.pid as number;
  } catch (cause) {
    throw new CliError('MACHINE_FAILED', `${command.file} cannot be started`, {
      cause,
      details: [String(cause)],
    });
  } finally {
    await log.close();
  }
};
