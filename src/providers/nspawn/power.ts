import { access, readFile } from 'node:fs/promises';
import { CliError } from '../../errors/cli-error.js';
import { cmd, type ExecOptions, type Executor } from '../../exec/command.js';
import { childrenOf, findProcess, sendSignal } from '../../exec/host-process.js';
import type { Clock } from '../../util/clock.js';
import { waitFor } from '../../util/wait.js';
import { groupPids, readCgroupLayout, removeGroups, thawGroup } from './cgroup.js';
import type { MachinePaths } from './paths.js';
import { findProcesses, type MachineProcesses } from './process-state.js';

/** The machine to start or stop. */
export interface PowerTarget {
  readonly name: string;
  readonly paths: MachinePaths;
  /** Its control group below the root of each tree. */
  readonly group: string;
  readonly veth: string;
}

/** A boot until D-Bus answers takes 1-2 s; more on a busy host. */
const BOOT_MS = 120_000;
/** systemd-nspawn itself starts in milliseconds. */
const LAUNCH_MS = 20_000;
/** During a reboot, no process of the machine runs for 0.1 s; longer on a busy host. */
const REBOOT_MS = 2_000;
/** A shutdown takes 2-10 s, but a service may take 90 s. */
const STOP_MS = 120_000;
/** When init is killed, its PID namespace ends within 2 s. */
const KILL_MS = 60_000;
const EVERY_MS = 50;

/** SIGRTMIN+4, which makes systemd power off. */
const SIG_POWEROFF = 38;

/** Lines of the console in the error of a failed boot. */
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
    outcome === 'ended' ? 'stopped while it was booting' : `did not boot within ${BOOT_MS / 1000} s`;
  return new CliError('MACHINE_NOT_BOOTED', `Machine ${name} ${why}.`, {
    details: await readTail(paths.log),
    hint: `Read its console log: ${paths.log}\nThen run \`kglab up\` again.`,
  });
};

/** How to observe a machine; tests replace it. */
export interface Look {
  /** Finds its processes, by its boot file and its control group. */
  readonly find: (bootFile: string, group: string) => Promise<MachineProcesses>;
  /** Whether commands can be run in the machine of this init. */
  readonly answers: (init: number) => Promise<boolean>;
}

/** Starts and stops machines, and finds their processes. */
export class Power {
  constructor(
    private readonly host: Executor,
    private readonly clock: Clock,
    private readonly look: Look = { find: findProcesses, answers },
  ) {}

  /** The running processes of the machine. */
  processes({ paths, group }: PowerTarget): Promise<MachineProcesses> {
    return this.look.find(paths.boot, group);
  }

  /**
   * Boots the machine unless it runs, and waits until commands can run in it. If it is shutting down, waits for its end
   * and then boots it. Throws MACHINE_NOT_BOOTED with the end of its console.
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

  /** Shuts the machine down. Throws TIMEOUT when it does not end. */
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
   * Cuts the power. Takes the interface down first: otherwise the kernel closes the machine's connections, and its
   * peers notice at once. Then kills init, because a machine survives a killed systemd-nspawn.
   */
  async cut(target: PowerTarget, options: ExecOptions): Promise<void> {
    const { nspawn, init } = await this.processes(target);
    if (nspawn === undefined && init === undefined) return;
    await this.host.exec(cmd('ip', 'link', 'set', 'dev', target.veth, 'down'), options);
    await thawGroup(await readCgroupLayout(), target.group);
    if (init !== undefined) await sendSignal(init, 'SIGKILL');
    else if (nspawn !== undefined) await this.killStarting(nspawn.pid);
    if (await this.waitGone(target, KILL_MS, options)) return;
    throw new CliError(
      'TIMEOUT',
      `kglab killed machine ${target.name}, but some of its processes still run.`,
      {
        hint: 'One may hang in the kernel: dmesg | tail',
      },
    );
  }

  /** Kills the rest of the machine's control group, and removes the group and the interface. Throws TIMEOUT. */
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
    throw new CliError(
      'TIMEOUT',
      `Processes of machine ${name} are still running (control group ${group}).`,
      {
        hint: `See what is in it: systemd-cgls /${group}`,
      },
    );
  }

  /** Waits for the result of a boot: `ended` after no process ran for `firstMs`, or for `laterMs` once one was seen. */
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

  /** Kills a systemd-nspawn whose init has not started yet: its children first. */
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
