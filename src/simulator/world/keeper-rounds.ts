import type { SimMachine, SimWorld } from './world.js';

export const KEEPER = 'kglab-keeper.service';
/** Kind of the jobs that do a round of the keeper, for one volume or for the catalogue. */
export const ROUND = 'keeper.round';
/** Stands for the catalogue where rounds are named by volume. */
export const CATALOGUE = '.catalogue';

const text = ({ disk }: SimMachine, name: string): string => disk[`/etc/kglab/${name}`]?.text ?? '';

/** A value of keeper.env. */
export const setting = (machine: SimMachine, name: string): string =>
  new RegExp(`^${name}=(.*)$`, 'm').exec(text(machine, 'keeper.env'))?.[1] ?? '';

/** The rounds of a machine's keeper: one for each volume, and on the server one for the catalogue. */
export const roundsOf = (machine: SimMachine): readonly string[] => [
  ...text(machine, 'keeper.table')
    .split('\n')
    .flatMap((line) => line.split('|')[0] || []),
  ...(setting(machine, 'SERVER') === '1' ? [CATALOGUE] : []),
];

/** The mount point of a volume, from keeper.table. */
export const mountOf = (machine: SimMachine, volume: string): string =>
  text(machine, 'keeper.table')
    .split('\n')
    .find((line) => line.startsWith(`${volume}|`))
    ?.split('|')[1] ?? '';

/** Schedules a round of a machine's keeper in `ms` milliseconds, unless an earlier one is scheduled. */
export const roundIn = (world: SimWorld, machine: SimMachine, about: string, ms: number, tries = 0): void => {
  const at = world.time + ms;
  const { name } = machine.spec;
  const isSame = (job: SimWorld['jobs'][number]): boolean =>
    job.kind === ROUND && job.machine === name && job.about.split(' ')[0] === about;
  if (world.jobs.some((job) => isSame(job) && job.at <= at)) return;
  world.jobs = world.jobs.filter((job) => !isSame(job));
  world.counter += 1;
  const boot = machine.running?.boot ?? 0;
  world.jobs.push({ at, order: world.counter, kind: ROUND, machine: name, boot, about: `${about} ${tries}` });
};

/**
 * Schedules rounds after a change: a request, a mount, a brick, the cluster. A real keeper does rounds all the time;
 * the simulator leaves out those that would find nothing new.
 */
export const wakeKeepers = (world: SimWorld, isAbout: (round: string) => boolean = () => true): void => {
  for (const machine of Object.values(world.machines)) {
    if (machine.running?.units[KEEPER]?.state !== 'active') continue;
    const every = Number(setting(machine, 'EVERY')) * 1000;
    for (const about of roundsOf(machine)) if (isAbout(about)) roundIn(world, machine, about, every);
  }
};
