import type { Command } from '../../exec/command.js';
import type { SimMachine } from './world.js';

/** A call of a provider's method. */
export interface Operation {
  /** Counts the operations of one provider, from 0. */
  readonly index: number;
  readonly kind: 'prepare' | 'create' | 'start' | 'stop' | 'remove' | 'cleanup' | 'list' | 'keep' | 'exec';
  readonly machine?: string;
  readonly command?: Command;
}

/** A fault of an operation. */
export type Fault =
  /** The operation does nothing and fails. */
  | { readonly kind: 'fail'; readonly exitCode?: number; readonly stderr?: string }
  /** It does nothing and does not return before its deadline or the caller's abort. */
  | { readonly kind: 'hang' }
  /** It does its work but reports a timeout. */
  | { readonly kind: 'time-out' }
  /** kglab is killed (as by SIGKILL) before or after the operation; the world stays as it is. */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' }
  /** kglab is killed in the middle of a script, after so many of its programs. */
  | { readonly kind: 'crash-within'; readonly programs: number }
  /** A machine loses its power: the operation's, or the one named. */
  | { readonly kind: 'power-cut'; readonly when: 'before' | 'after'; readonly machine?: string }
  /** The machine and the others cannot reach each other for a while; kglab still reaches all of them. */
  | { readonly kind: 'network-cut'; readonly forMs: number }
  /** The machine loses its power and has another address after the next start. */
  | { readonly kind: 'address-change'; readonly when: 'before' | 'after' };

/** Called synchronously when an operation begins; undefined = no fault. */
export type FaultPlan = (operation: Operation) => Fault | undefined;

/** The error message of a program that must fail on a machine; undefined = it works. */
export type ProgramFaults = (machine: SimMachine, argv: readonly string[]) => string | undefined;

/** Called after an operation that succeeded. */
export type Witness = (operation: Operation) => void;

/** How many programs may still run before kglab is killed. */
export interface Budget {
  left: number;
}

/** Simulates SIGKILL of kglab: after it, the provider accepts no operation. */
export class CrashError extends Error {
  constructor() {
    super('kglab was killed (simulated)');
    this.name = 'CrashError';
  }
}
