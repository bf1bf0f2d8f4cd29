import type { SimMachine, SimWorld } from './world.js';

export const KEEPER = 'kglab-keeper.service';
/** The job of a round; it is about a volume, or about the catalogue. */
export const ROUND = 'keeper.round';
/** What a round is about that is none of a volume. */
export const CATALOGUE = '.catalogue';

const text = ({ disk }: SimMachine, name: string): string => disk[`/etc/kglab/${name}`]?.text ?? '';

/** A setting of the keeper. */
export const setting = (machine: SimMachine, name: string): string =>
  new RegExp(`^${name}=(.*)$`, 'm').exec(text(machine, 'keeper.env'))?.[1] ?? '';

/** What the keeper of a machine does rounds for: its volumes, and the catalogue on the server. */
export const roundsOf = (machine: SimMachine): readonly string[] => [
  ...text(machine, 'keeper.table')
    .split('\n')
    .flatMap((line) => line.split('|')[0] || []),
  ...(setting(machine, 'SERVER') === '1' ? [CATALOGUE] : []),
];

/** Where the keeper of a machine finds a volume. */
export const mountOf = (machine: SimMachine, volume: string): string =>
  text(machine, 'keeper.table')
    .split('\n')
    .find((line) => line.startsWith(`${volume}|`))
    ?.split('|')[1] ?? '';

/** Has the keeper of a machine do a round in so many milliseconds, unless it does one before. */
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
 * Tells the keepers that something has changed: a request, a mount, a brick, the cluster. A real keeper looks again and
 * again; one whose last round had nothing to do would find the same until then.
 */
export const wakeKeepers = (world: SimWorld, isAbout: (round: string) => boolean = () => true): void => {
  for (const machine of Object.values(world.machines)) {
    if (machine.running?.units[KEEPER]?.state !== 'active') continue;
    const every = Number(setting(machine, 'EVERY')) * 1000;
    for (const about of roundsOf(machine)) if (isAbout(about)) roundIn(world, machine, about, every);
  }
};
