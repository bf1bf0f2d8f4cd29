import { spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import type { Command } from './command.js';

/** Signals that end a command; a terminal sends the first to all that runs on it. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command on this process's own terminal or pipes and returns its exit code (128 + signal number when it was
 * killed by one, as shells have it). Signals are the command's: Ctrl-C reaches it through the terminal, all else is
 * passed on to it.
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
    // A command that ends without reading its input has an exit code of its own to say so.
    child.stdin?.on('error', () => undefined).end(stdin);
    child.once('error', (error) => (end(), reject(error)));
    child.once('close', (code, signal) => {
      end();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
