import type { Command } from '../../exec/command.js';
import type { SimMachine } from './world.js';

/** Something that a provider was asked to do. */
export interface Operation {
  /** Counts from 0 in the life of a provider. */
  readonly index: number;
  readonly kind: 'prepare' | 'create' | 'start' | 'stop' | 'remove' | 'cleanup' | 'list' | 'keep' | 'exec';
  readonly machine?: string;
  readonly command?: Command;
}

/** What is to go wrong with an operation. */
export type Fault =
  /** It does nothing and fails. */
  | { readonly kind: 'fail'; readonly exitCode?: number; readonly stderr?: string }
  /** It does nothing and gives no answer: until its deadline, or until whoever asked gives up. */
  | { readonly kind: 'hang' }
  /** It works, and yet its deadline passes. */
  | { readonly kind: 'time-out' }
  /** kglab dies as by SIGKILL, before or after it works: nothing more is asked for, everything stays as it is. */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' }
  /** As a crash, in the middle of a script: when so many of its programs have run. */
  | { readonly kind: 'crash-within'; readonly programs: number }
  /** A machine loses its power: that of the operation, or another. */
  | { readonly kind: 'power-cut'; readonly when: 'before' | 'after'; readonly machine?: string }
  /** The machine and all others cannot reach each other for a while; kglab still reaches them all. */
  | { readonly kind: 'network-cut'; readonly forMs: number }
  /** The machine loses its power, and has another address when it starts again. */
  | { readonly kind: 'address-change'; readonly when: 'before' | 'after' };

/** Asked at once, by whoever asks for the operation; undefined = all goes well. */
export type FaultPlan = (operation: Operation) => Fault | undefined;

/** What a program of a machine says when it is to fail, whoever runs it; undefined = it works. */
export type ProgramFaults = (machine: SimMachine, argv: readonly string[]) => string | undefined;

/** Told after an operation that was done. */
export type Witness = (operation: Operation) => void;

/** How many programs may still be run before kglab dies. */
export interface Budget {
  left: number;
}

/** The end of a simulated process: whoever catches it does nothing more that anybody sees. */
export class CrashError extends Error {
  constructor() {
    super('kglab was killed (simulated)');
    this.name = 'CrashError';
  }
}
