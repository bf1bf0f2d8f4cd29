import type { Machine } from '../machines/provider.js';

/**
 * Longest that a command in a machine may take when nobody said how long: nothing of the kind takes more than seconds,
 * and a machine that hangs must not hang kglab.
 */
export const COMMAND_MS = 300_000;

/** A machine whose commands all have a deadline. */
export const withDeadline = (machine: Machine): Pick<Machine, 'name' | 'exec'> => ({
  name: machine.name,
  exec: (command, options) => machine.exec(command, { timeoutMs: COMMAND_MS, ...options }),
});
