import { spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { CliError } from '../errors/cli-error.js';
import type { Command } from './command.js';

/** Signals that end a command. A terminal sends the first to all its processes. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command on kglab's own terminal or pipes. Returns its exit code; 128 + signal number when a signal killed it,
 * as in a shell. Passes signals on, except a Ctrl-C that the terminal itself sends to the command.
 */
export const attach = (
  { file, args, env, cleanEnv, stdin, cwd }: Command,
  signals: EventEmitter = process,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: [stdin === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
      env: cleanEnv ? { ...env, TERM: process.env['TERM'] } : { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    const pass = (signal: NodeJS.Signals): void => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of ENDING) signals.on(signal, pass);
    const end = (): void => {
      for (const signal of ENDING) signals.off(signal, pass);
    };
    // A command may end without reading its input; its exit code counts.
    child.stdin?.on('error', () => undefined).end(stdin);
    child.once('error', (error) => (end(), reject(error)));
    child.once('close', (code, signal) => {
      end();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });

/**
 * Starts a program that continues after kglab ends: in its own session, without stdin, output appended to `logFile`
 * (mode 0600). Returns its process id. Throws MACHINE_FAILED when it does not start.
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
    throw new CliError('MACHINE_FAILED', `${command.file} did not start`, {
      cause,
      details: [String(cause)],
    });
  } finally {
    await log.close();
  }
};
