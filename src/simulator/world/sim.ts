import type { Clock } from '../../util/clock.js';
import type { ProgramFaults } from './faults.js';
import type { Job, SimMachine, SimWorld } from './world.js';

/** Does a job. Jobs never wait: they schedule further jobs. */
export type JobHandler = (sim: Sim, machine: SimMachine, about: string) => Promise<void> | void;

/** Runs the world: its clock and its scheduled jobs. */
export class Sim {
  /** Jobs run one after the other, whichever caller finds them due. */
  private advancing: Promise<void> | undefined;

  constructor(
    private readonly worldNow: () => SimWorld,
    private readonly handlers: Readonly<Record<string, JobHandler>>,
    private readonly clock: Clock,
    /** How far the world's time is ahead of the clock: a saved world may be. */
    private readonly aheadMs: () => number,
    /** Makes programs fail; for tests. */
    readonly broken: ProgramFaults = () => undefined,
  ) {}

  get world(): SimWorld {
    return this.worldNow();
  }

  /** The world's time in milliseconds; inside a job, the time for which it was scheduled. */
  get now(): number {
    return this.world.time;
  }

  /** Sleeps in virtual time, and runs the jobs that are due by then. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.clock.sleep(ms, signal);
    await this.advance();
  }

  /** Schedules a job; a power cut of the machine cancels it. */
  schedule(machine: SimMachine, kind: string, inMs: number, about = ''): void {
    const { world } = this;
    world.counter += 1;
    const { name } = machine.spec;
    const boot = machine.running?.boot ?? 0;
    world.jobs.push({ at: world.time + inMs, order: world.counter, kind, machine: name, boot, about });
  }

  /** Runs the jobs that are due. */
  async advance(): Promise<void> {
    while (this.advancing) await this.advancing;
    const until = this.clock.now() + this.aheadMs();
    if (this.world.jobs.every(({ at }) => at > until)) {
      this.setTime(until);
      return;
    }
    this.advancing = this.runJobs(until);
    try {
      await this.advancing;
    } finally {
      this.advancing = undefined;
    }
  }

  private setTime(time: number): void {
    const { world } = this;
    if (time <= world.time) return;
    const expired = world.cuts.filter(({ until }) => until <= time);
    if (expired.length > 0) world.cuts = world.cuts.filter(({ until }) => until > time);
    world.time = time;
  }

  private async runJobs(until: number): Promise<void> {
    for (;;) {
      const job = this.next(until);
      if (job === undefined) break;
      this.setTime(job.at);
      this.world.jobs = this.world.jobs.filter((other) => other !== job);
      const machine = this.world.machines[job.machine];
      if (machine?.running?.boot !== job.boot) continue;
      await this.handlers[job.kind]?.(this, machine, job.about);
    }
    this.setTime(until);
  }

  private next(until: number): Job | undefined {
    let first: Job | undefined;
    for (const job of this.world.jobs) {
      if (job.at > until) continue;
      if (first === undefined || job.at < first.at || (job.at === first.at && job.order < first.order))
        first = job;
    }
    return first;
  }
}
