import type { ErrorCode } from '../../errors/catalog.js';
import { CliError } from '../../errors/cli-error.js';
import { cmd, type ExecOptions } from '../../exec/command.js';
import { guestScript } from '../../guest/script.js';
import type { LabRef, Machine } from '../../machines/provider.js';
import type { LaunchRecord } from './launch-record.js';
import type { Instance } from './parse.js';

const READ_MS = 20_000;
/** cloud-init writes the marker before it installs anything, yet after SSH is up. */
const CLOUD_INIT_MS = 900_000;

/** Whose a running instance is. `unmarked`: it has no marker; `booting`: it may still get one; `silent`: no answer. */
export type Verdict = 'ours' | 'foreign' | 'unmarked' | 'booting' | 'silent';

const foreign = (name: string, why: string, hint: string): CliError =>
  new CliError('MACHINE_FOREIGN', `Instance ${name} of multipass does not belong to this lab; not touched.`, {
    details: [why],
    hint,
  });

/** The error for an instance that got a name of the lab while the lab was about to launch it. */
export const appeared = (name: string): CliError =>
  foreign(
    name,
    'somebody created an instance with this name while this lab was being created',
    'Give the lab another name in lab.yaml.',
  );

const undecided = (code: ErrorCode, message: string): CliError =>
  new CliError(code, message, {
    hint: 'kglab cannot tell yet whether the machine belongs to this lab. Run `kglab up` again.',
  });

/** Decides which instances belong to the lab. */
export class Ownership {
  constructor(
    private readonly lab: LabRef,
    private readonly record: LaunchRecord,
    private readonly machine: (name: string) => Machine,
  ) {}

  /** Throws MACHINE_FOREIGN when another lab or user has an instance of this name. */
  async assertFree(name: string, found: Instance | undefined): Promise<void> {
    if (found === undefined || (await this.isOwn(name))) return;
    const anotherName = 'Give the lab another name in lab.yaml.';
    throw found.state === 'Deleted'
      ? foreign(
          name,
          'it is deleted but not purged: its name is still in use',
          `If nobody needs it: multipass delete --purge ${name}\nOtherwise: ${anotherName}`,
        )
      : foreign(
          name,
          `it is ${found.state.toLowerCase()}, and this lab did not create it`,
          `${anotherName}\nIf it is a leftover of one of your labs, delete it: multipass delete --purge ${name}`,
        );
  }

  /** Throws MACHINE_FOREIGN unless this lab created a machine of that name. */
  async assertOwn(name: string): Promise<void> {
    if (await this.isOwn(name)) return;
    throw foreign(name, 'this lab created no machine of that name', 'See: multipass list');
  }

  async isOwn(name: string): Promise<boolean> {
    return (await this.record.phase(name)) !== undefined;
  }

  /** Whether the result of its launch is still unknown. */
  async isLaunching(name: string): Promise<boolean> {
    return (await this.record.phase(name)) === 'launching';
  }

  /**
   * After an interrupted launch: records a running instance with this lab's marker as made. Throws MACHINE_FOREIGN and
   * forgets the name when the instance is foreign; keeps the name when its owner is unknown.
   */
  async confirm(name: string, options: ExecOptions): Promise<void> {
    if (!(await this.isLaunching(name))) return;
    await this.assertMarked(name, options);
    await this.record.note(name, 'made');
  }

  /** Throws MACHINE_FOREIGN and forgets the name when the running instance is foreign. Waits for cloud-init. */
  async assertMarked(name: string, options: ExecOptions): Promise<void> {
    await this.machine(name).exec(cmd('cloud-init', 'status', '--wait'), {
      ...options,
      timeoutMs: CLOUD_INIT_MS,
    });
    const verdict = await this.judge(name, options);
    if (verdict === 'ours') return;
    if (verdict === 'silent') throw undecided('MACHINE_UNREACHABLE', `Machine ${name} does not answer.`);
    if (verdict === 'booting')
      throw undecided('MACHINE_NOT_BOOTED', `Machine ${name} has not finished its first boot.`);
    await this.record.forget(name);
    throw appeared(name);
  }

  /** Reads the marker of a running instance: one line, written by cloud-init, that ends with the id of the machine's lab. */
  async judge(name: string, options: ExecOptions): Promise<Verdict> {
    try {
      const { stdout, exitCode } = await this.machine(name).exec(guestScript('machines.sh', 'marker_state'), {
        ...options,
        timeoutMs: READ_MS,
      });
      if (exitCode !== 0) return 'silent';
      const [marker = '', booted = ''] = stdout.split('\n');
      if (marker.trim() === '') return booted === 'booted' ? 'unmarked' : 'booting';
      return marker.trim().endsWith(` id ${this.lab.id}`) ? 'ours' : 'foreign';
    } catch (error) {
      if (error instanceof CliError && error.code === 'MACHINE_UNREACHABLE') return 'silent';
      throw error;
    }
  }
}
