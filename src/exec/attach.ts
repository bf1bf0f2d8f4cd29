import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from './command.js';

/**
 * Runs a command on this process's own terminal or pipes and returns its exit code (128 + signal number when it was
 * killed by one, as shells have it). Ctrl-C reaches it through the terminal, so it is not killed from here.
 */
export const attach = ({ file, args, env, cleanEnv, stdin, cwd }: Command): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: [stdin === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
      env: cleanEnv ? { ...env, TERM: process.env['TERM'] } : { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    child.stdin?.end(stdin);
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
