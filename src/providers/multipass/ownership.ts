import type { ErrorCode } from '../../errors/catalog.js';
import { CliError } from '../../errors/cli-error.js';
import { cmd, sh, type ExecOptions } from '../../exec/command.js';
import type { LabRef, Machine } from '../../machines/provider.js';
import type { LaunchRecord } from './launch-record.js';
import type { Instance } from './parse.js';

/** Says whose a machine is: written by cloud-init, a file of one line that ends with the lab's id. */
const MARKER = '/etc/kglab/machine';
const READ_MS = 20_000;
/** cloud-init writes the marker before it installs anything, yet after SSH is up. */
const CLOUD_INIT_MS = 900_000;

/** The marker, an empty line where there is none, and whether the first boot is over: by then it would be there. */
const LOOK = `
echo "$(cat ${MARKER} 2>/dev/null)"
[ -e /var/lib/cloud/instance/boot-finished ] && echo booted; :`;

/** Whose a running instance is. `unmarked`: it has booted without a mark; `booting`: it may still get one. */
export type Verdict = 'ours' | 'foreign' | 'unmarked' | 'booting' | 'silent';

const foreign = (name: string, why: string, hint: string): CliError =>
  new CliError('MACHINE_FOREIGN', `Instance ${name} of multipass is not this lab's; it is left alone.`, {
    details: [why],
    hint,
  });

/** A machine that came into a name of the lab while the lab was about to make one. */
export const appeared = (name: string): CliError =>
  foreign(
    name,
    'it appeared while this lab was about to make one, and does not bear its mark',
    'Give the lab another name in lab.yaml.',
  );

const undecided = (code: ErrorCode, message: string): CliError =>
  new CliError(code, message, { hint: 'Whose it is cannot be told yet. Run `kglab up` again.' });

/** What belongs to the lab and what does not. */
export class Ownership {
  constructor(
    private readonly lab: LabRef,
    private readonly record: LaunchRecord,
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
      : foreign(
          name,
          `it is ${found.state.toLowerCase()}, and this lab has not made it`,
          `${anotherName}\nIf it is what is left of a lab of yours: multipass delete --purge ${name}`,
        );
  }

  /** Throws MACHINE_FOREIGN unless this lab has made a machine of that name. */
  async assertOwn(name: string): Promise<void> {
    if (await this.isOwn(name)) return;
    throw foreign(name, 'this lab has made no machine of that name', 'See: multipass list');
  }

  async isOwn(name: string): Promise<boolean> {
    return (await this.record.phase(name)) !== undefined;
  }

  /** Whether the end of its launch was never seen. */
  async isLaunching(name: string): Promise<boolean> {
    return (await this.record.phase(name)) === 'launching';
  }

  /**
   * Settles what was left open when a launch was interrupted: a running instance with this lab's mark is noted as
   * made. Throws MACHINE_FOREIGN, and forgets the name, when it is somebody else's; keeps it when there is no telling.
   */
  async confirm(name: string, options: ExecOptions): Promise<void> {
    if (!(await this.isLaunching(name))) return;
    await this.assertMarked(name, options);
    await this.record.note(name, 'made');
  }

  /** Throws MACHINE_FOREIGN, and forgets the name, when the running instance turns out to be somebody else's. */
  async assertMarked(name: string, options: ExecOptions): Promise<void> {
    await this.machine(name).exec(cmd('cloud-init', 'status', '--wait'), {
      ...options,
      timeoutMs: CLOUD_INIT_MS,
    });
    const verdict = await this.judge(name, options);
    if (verdict === 'ours') return;
    if (verdict === 'silent') throw undecided('MACHINE_UNREACHABLE', `Machine ${name} gives no answer.`);
    if (verdict === 'booting')
      throw undecided('MACHINE_NOT_BOOTED', `Machine ${name} has not finished its first boot.`);
    await this.record.forget(name);
    throw appeared(name);
  }

  /** Reads the marker of a running instance. */
  async judge(name: string, options: ExecOptions): Promise<Verdict> {
    try {
      const { stdout, exitCode } = await this.machine(name).exec(sh(LOOK), {
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
