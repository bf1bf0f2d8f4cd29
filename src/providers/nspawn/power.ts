import { access, readFile } from 'node:fs/promises';
import { CliError } from '../../errors/cli-error.js';
import { cmd, type ExecOptions, type Executor } from '../../exec/command.js';
import { childrenOf, findProcess, sendSignal } from '../../exec/host-process.js';
import type { Clock } from '../../util/clock.js';
import { waitFor } from '../../util/wait.js';
import { groupPids, readCgroupLayout, removeGroups, thawGroup } from './cgroup.js';
import type { MachinePaths } from './paths.js';
import { findProcesses, type MachineProcesses } from './process-state.js';

/** The machine whose power it is. */
export interface PowerTarget {
  readonly name: string;
  readonly paths: MachinePaths;
  /** Its control group below the root of each tree. */
  readonly group: string;
  readonly veth: string;
}

/** A boot to D-Bus takes 1-2 s; on a host that is busy with others, more. */
const BOOT_MS = 120_000;
/** systemd-nspawn itself is there in milliseconds. */
const LAUNCH_MS = 20_000;
/** Between two lives of a machine that reboots, nothing of it runs for 0.1 s; on a busy host, longer. */
const REBOOT_MS = 2_000;
/** An orderly stop takes 2-10 s; services may take 90 s of their own. */
const STOP_MS = 120_000;
/** A killed init takes its whole PID namespace with it in at most 2 s. */
const KILL_MS = 60_000;
const EVERY_MS = 50;

/** What systemd takes for "power off": SIGRTMIN+4. */
const SIG_POWEROFF = 38;

/** Lines of the console that are shown when a boot fails. */
const CONSOLE_LINES = 15;

const readTail = async (path: string): Promise<readonly string[]> =>
  (await readFile(path, 'utf8').catch(() => '')).split(/\r?\n/).filter(Boolean).slice(-CONSOLE_LINES);

const answers = (init: number): Promise<boolean> =>
  access(`/proc/${init}/root/run/dbus/system_bus_socket`).then(
    () => true,
    () => false,
  );

type Outcome = 'up' | 'ended' | 'late';

const notBooted = async ({ name, paths }: PowerTarget, outcome: Outcome): Promise<CliError> => {
  const why =
    outcome === 'ended' ? 'ended while it was starting' : `did not start within ${BOOT_MS / 1000} s`;
  return new CliError('MACHINE_NOT_BOOTED', `Machine ${name} ${why}.`, {
    details: await readTail(paths.log),
    hint: `Its console is in ${paths.log}. Then run \`kglab up\` again.`,
  });
};

/** How a machine is looked at. */
export interface Look {
  /** What runs of it, by its boot file and its control group. */
  readonly find: (bootFile: string, group: string) => Promise<MachineProcesses>;
  /** Whether commands can be run in the machine of this init. */
  readonly answers: (init: number) => Promise<boolean>;
}

/** Switches machines on and off, and knows which of their processes are left. */
export class Power {
  constructor(
    private readonly host: Executor,
    private readonly clock: Clock,
    private readonly look: Look = { find: findProcesses, answers },
  ) {}

  /** What runs of the machine. */
  processes({ paths, group }: PowerTarget): Promise<MachineProcesses> {
    return this.look.find(paths.boot, group);
  }

  /**
   * Boots the machine unless it runs, and waits until commands can be run in it. One that was being switched off from
   * inside, which systemd-nspawn outlives for a moment, is booted when it has ended. Throws MACHINE_NOT_BOOTED with the
   * end of its console.
   */
  async ensureUp(target: PowerTarget, boot: () => Promise<void>, options: ExecOptions): Promise<void> {
    const { nspawn, init } = await this.processes(target);
    if (nspawn !== undefined || init !== undefined) {
      const outcome = await this.outcome(target, [REBOOT_MS, REBOOT_MS], options);
      if (outcome === 'up') return;
      if (outcome === 'late') throw await notBooted(target, outcome);
    }
    await boot();
    const outcome = await this.outcome(target, [LAUNCH_MS, 0], options);
    if (outcome !== 'up') throw await notBooted(target, outcome);
  }

  /** Shuts down in order. Throws TIMEOUT when that does not come to an end. */
  async shutDown(target: PowerTarget, options: ExecOptions): Promise<void> {
    const { nspawn, init } = await this.processes(target);
    if (nspawn !== undefined) await sendSignal(nspawn, 'SIGTERM');
    else if (init !== undefined) await sendSignal(init, SIG_POWEROFF);
    if (await this.waitGone(target, STOP_MS, options)) return;
    throw new CliError('TIMEOUT', `Machine ${target.name} did not shut down within ${STOP_MS / 1000} s.`, {
      hint: 'Cut its power instead: kglab stop --force',
    });
  }

  /**
   * A power cut. The wire goes first: else the kernel says goodbye for the machine's connections and its peers notice
   * at once. Then the init: to kill systemd-nspawn would leave the machine running.
   */
  async cut(target: PowerTarget, options: ExecOptions): Promise<void> {
    const { nspawn, init } = await this.processes(target);
    if (nspawn === undefined && init === undefined) return;
    await this.host.exec(cmd('ip', 'link', 'set', 'dev', target.veth, 'down'), options);
    await thawGroup(await readCgroupLayout(), target.group);
    if (init !== undefined) await sendSignal(init, 'SIGKILL');
    else if (nspawn !== undefined) await this.killStarting(nspawn.pid);
    if (await this.waitGone(target, KILL_MS, options)) return;
    throw new CliError('TIMEOUT', `Machine ${target.name} did not end although it was killed.`, {
      hint: 'A process of it may hang in the kernel; see: dmesg | tail',
    });
  }

  /** Ends whatever else is left in its control group, and removes that and the interface (the kernel takes its time). */
  async sweep({ name, group, veth }: PowerTarget, options: ExecOptions): Promise<void> {
    await this.host.exec(cmd('ip', 'link', 'delete', 'dev', veth), options);
    const layout = await readCgroupLayout();
    const gone = await waitFor(
      async () => {
        for (const pid of await groupPids(layout, group)) {
          const left = await findProcess(pid);
          if (left !== undefined) await sendSignal(left, 'SIGKILL');
        }
        return (await removeGroups(layout, group)) ? true : undefined;
      },
      { clock: this.clock, timeoutMs: KILL_MS, everyMs: EVERY_MS, signal: options.signal },
    );
    if (gone) return;
    throw new CliError('TIMEOUT', `The control group ${group} of machine ${name} does not become empty.`, {
      hint: `See what is in it: systemd-cgls /${group}`,
    });
  }

  /** What becomes of a machine that is starting. It has ended when nothing runs of it for so long: at first, and later. */
  private async outcome(
    target: PowerTarget,
    [firstMs, laterMs]: readonly [number, number],
    { signal }: ExecOptions,
  ): Promise<Outcome> {
    const { clock } = this;
    let end = clock.now() + firstMs;
    const outcome = await waitFor(
      async () => {
        const { nspawn, init } = await this.processes(target);
        if (nspawn === undefined && init === undefined) return clock.now() < end ? undefined : 'ended';
        end = clock.now() + laterMs;
        return init !== undefined && (await this.look.answers(init.pid)) ? 'up' : undefined;
      },
      { clock, timeoutMs: BOOT_MS, everyMs: EVERY_MS, signal },
    );
    return outcome ?? 'late';
  }

  /** Between the start of systemd-nspawn and that of the machine's init: its children first, then itself. */
  private async killStarting(nspawn: number): Promise<void> {
    for (const pid of [...(await childrenOf(nspawn)), nspawn]) {
      const left = await findProcess(pid);
      if (left !== undefined) await sendSignal(left, 'SIGKILL');
    }
  }

  private async waitGone(target: PowerTarget, timeoutMs: number, options: ExecOptions): Promise<boolean> {
    const gone = await waitFor(
      async () => {
        const { nspawn, init } = await this.processes(target);
        return nspawn === undefined && init === undefined ? true : undefined;
      },
      { clock: this.clock, timeoutMs, everyMs: EVERY_MS, signal: options.signal },
    );
    return gone === true;
  }
}
