import { CliError } from '../../errors/cli-error.js';
import { cmd, sh, type ExecOptions } from '../../exec/command.js';
import type { LabRef, Machine } from '../provider.js';
import type { Ledger } from './ledger.js';
import type { Instance } from './parse.js';

/** Says whose a machine is: written by cloud-init, a file of one line that ends with the lab's id. */
const MARKER = '/etc/kglab/machine';
const READ_MS = 20_000;
/** cloud-init writes the marker before it installs anything, yet after SSH is up. */
const CLOUD_INIT_MS = 900_000;

const foreign = (name: string, why: string, hint: string): CliError =>
  new CliError('MACHINE_FOREIGN', `Instance ${name} of multipass is not this lab's; it is left alone.`, {
    details: [why],
    hint,
  });

/** What belongs to the lab and what does not. */
export class Ownership {
  constructor(
    private readonly lab: LabRef,
    private readonly ledger: Ledger,
    private readonly machine: (name: string) => Machine,
  ) {}

  /** Throws MACHINE_FOREIGN when an instance that this lab has not made is found under a name of its own. */
  async assertFree(name: string, found: Instance | undefined): Promise<void> {
    if (found === undefined || (await this.isOwn(name))) return;
    const anotherName = 'Give the lab another name in lab.yaml.';
    throw found.state === 'Deleted'
      ? foreign(
          name,
          'it is deleted, and not yet purged: its name is still taken',
          `If nobody wants it back: multipass delete --purge ${name}\nElse: ${anotherName}`,
        )
      : foreign(name, `it is ${found.state.toLowerCase()}, and this lab has not made it`, anotherName);
  }

  /** Throws MACHINE_FOREIGN unless this lab has made a machine of that name. */
  async assertOwn(name: string): Promise<void> {
    if (await this.isOwn(name)) return;
    throw foreign(name, 'this lab has made no machine of that name', 'See: multipass list');
  }

  async isOwn(name: string): Promise<boolean> {
    return (await this.ledger.phase(name)) !== undefined;
  }

  /** Whether the end of its launch was never seen. */
  async isHalfMade(name: string): Promise<boolean> {
    return (await this.ledger.phase(name)) === 'launching';
  }

  /** Throws MACHINE_FOREIGN, and forgets the name, when the running instance turns out to be somebody else's. */
  async assertMarked(name: string, options: ExecOptions): Promise<void> {
    await this.machine(name).exec(cmd('cloud-init', 'status', '--wait'), {
      ...options,
      timeoutMs: CLOUD_INIT_MS,
    });
    if ((await this.judge(name, options)) === 'ours') return;
    await this.ledger.forget(name);
    throw foreign(
      name,
      'it appeared while this lab was about to make one, and does not bear its mark',
      'Give the lab another name in lab.yaml.',
    );
  }

  /** Reads the marker of a running instance. */
  async judge(name: string, options: ExecOptions): Promise<'ours' | 'foreign' | 'unmarked' | 'silent'> {
    try {
      const { stdout, exitCode } = await this.machine(name).exec(sh(`cat ${MARKER} 2>/dev/null; :`), {
        ...options,
        timeoutMs: READ_MS,
      });
      if (exitCode !== 0) return 'silent';
      if (stdout.trim() === '') return 'unmarked';
      return stdout.trim().endsWith(` id ${this.lab.id}`) ? 'ours' : 'foreign';
    } catch (error) {
      if (error instanceof CliError && error.code === 'MACHINE_UNREACHABLE') return 'silent';
      throw error;
    }
  }
}
