import { CliError } from '../../errors/cli-error.js';
import type { ExecOptions } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';
import { waitFor } from '../../util/wait.js';
import { signalOnly, type MultipassClient } from './client.js';
import { askPreparingArgs, CLIENT_TIMEOUT, deleteArgs } from './commands.js';
import type { Deadlines } from './options.js';
import type { LaunchRecord } from './launch-record.js';
import type { Ownership, Verdict } from './ownership.js';
import type { Instance } from './parse.js';

export interface RemovalDeps {
  readonly client: MultipassClient;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly record: LaunchRecord;
  readonly ownership: Ownership;
  readonly findInstance: (name: string, options: ExecOptions) => Promise<Instance | undefined>;
}

/** Removes instances of this lab, one name at a time, with their disks. */
export class Removal {
  constructor(private readonly deps: RemovalDeps) {}

  /** Removes the machine if this lab created it. Throws MULTIPASS_TIMEOUT when its launch does not end. */
  async remove(name: string, options: ExecOptions): Promise<void> {
    const { record, findInstance } = this.deps;
    if ((await record.phase(name)) === undefined) return;
    const found = (await findInstance(name, options)) ?? (await this.awaitPrepared(name, options));
    if (found !== undefined && !(await this.isForeign(found, options))) await this.purge(name, options);
    await record.forget(name);
  }

  /** `delete --purge` of one name; no error when it is not there. */
  async purge(name: string, options: ExecOptions): Promise<void> {
    const { client, deadlines, findInstance } = this.deps;
    const args = deleteArgs(name);
    const result = await client.exclusively(args, { ...signalOnly(options), timeoutMs: deadlines.deleteMs });
    if (/does not exist/.test(result.stderr)) return;
    client.succeed(args, result);
    if ((await findInstance(name, options)) === undefined) return;
    throw new CliError('MULTIPASS_FAILED', `Instance ${name} still exists after it was deleted.`, {
      hint: `Try again: kglab down\nOr remove it yourself: multipass delete --purge ${name}`,
    });
  }

  /** Removes the name from the record when the instance neither exists nor is being launched. */
  async forgetUnlessThere(name: string, options: ExecOptions): Promise<void> {
    if (
      (await this.deps.findInstance(name, options)) !== undefined ||
      (await this.isPreparing(name, options))
    )
      return;
    await this.deps.record.forget(name);
  }

  /** An interrupted launch continues in the daemon, which does not list the instance while it downloads the image. */
  private async awaitPrepared(name: string, options: ExecOptions): Promise<Instance | undefined> {
    const { clock, deadlines, findInstance, record } = this.deps;
    if ((await record.phase(name)) !== 'launching' || !(await this.isPreparing(name, options)))
      return undefined;
    options.onLine?.(`multipass is still launching ${name}; kglab removes ${name} when that is done`);
    const found = await waitFor(
      async () => {
        const seen = await findInstance(name, options);
        return seen ?? ((await this.isPreparing(name, options)) ? undefined : 'never');
      },
      { clock, timeoutMs: deadlines.settleMs, everyMs: deadlines.everyMs, signal: options.signal },
    );
    if (found !== undefined) return found === 'never' ? undefined : found;
    throw new CliError(
      'MULTIPASS_TIMEOUT',
      `multipass is still preparing ${name}; it cannot be removed yet.`,
      {
        hint: 'Wait for its download to end, then run `kglab down` again.',
      },
    );
  }

  /** Whether the daemon is launching the instance; true when it does not answer. */
  private async isPreparing(name: string, options: ExecOptions): Promise<boolean> {
    const { client, deadlines } = this.deps;
    const timeoutMs = deadlines.probeMs + deadlines.listMs + deadlines.graceMs;
    const { exitCode, stderr } = await client.call(askPreparingArgs(name), {
      ...signalOnly(options),
      timeoutMs,
    });
    // CLIENT_TIMEOUT: the daemon is busy, perhaps with this launch.
    return exitCode === CLIENT_TIMEOUT || /is being prepared|already exists/.test(stderr);
  }

  /** Whether a foreign instance has replaced ours; known only while it runs. */
  private async isForeign({ name, state }: Instance, options: ExecOptions): Promise<boolean> {
    if (state !== 'Running') return false;
    const whose = await this.verdict(name, options);
    const finished = (await this.deps.record.phase(name)) === 'made';
    const others = whose === 'foreign' || whose === 'unmarked' || (whose === 'booting' && finished);
    if (!others) return false;
    options.onLine?.(
      `${name} was replaced by a machine that this lab did not create; kglab does not touch it`,
    );
    return true;
  }

  /** Whose it is; waits for the marker during a first boot. */
  private async verdict(name: string, options: ExecOptions): Promise<Verdict> {
    const { clock, deadlines, ownership } = this.deps;
    const told = await waitFor(
      async () => {
        const seen = await ownership.judge(name, signalOnly(options));
        return seen === 'booting' ? undefined : seen;
      },
      { clock, timeoutMs: deadlines.addressMs, everyMs: deadlines.everyMs, signal: options.signal },
    );
    return told ?? 'booting';
  }
}
