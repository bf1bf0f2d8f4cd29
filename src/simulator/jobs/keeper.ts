import { inBackground, isAsleep } from './background.js';
import { FileProblem, Files } from '../world/files.js';
import { CATALOGUE, KEEPER, mountOf, ROUND, roundIn, roundsOf, setting } from '../world/keeper-rounds.js';
import { runOn } from '../programs/run-program.js';
import type { JobHandler, Sim } from '../world/sim.js';
import { loadedUnit, log, unitValues } from '../world/unit-file.js';
import type { SimMachine } from '../world/world.js';

/** systemd runs services in the root directory. */
const ENV = { PWD: '/' };
/** The deadline of a round, as in the keeper's script, and the pause between two rounds of the catalogue (milliseconds). */
const TIMES = { deadline: 300_000, catalogue: 15_000 } as const;
/** After so many failed rounds the next one comes as late as one of the catalogue: they cost time and show nothing new. */
const TRIES = 8;

const isOn = ({ running }: SimMachine): boolean => running?.units[KEEPER]?.state === 'active';

const programOf = (machine: SimMachine): string =>
  (unitValues(loadedUnit(machine, KEEPER) ?? '', 'ExecStart')[0] ?? '').split(' ')[0] ?? '';

/** Ends the keeper's endless loop at its first pause. */
class Pause extends Error {}

const note = (machine: SimMachine, stderr: string): void => {
  for (const line of stderr.split('\n')) if (line !== '') log(machine, KEEPER, line);
};

/** systemd starts the keeper: ExecStartPre, then the keeper up to its first pause. Later rounds are jobs. */
const startKeeper: JobHandler = async (sim, machine) => {
  for (const line of unitValues(loadedUnit(machine, KEEPER) ?? '', 'ExecStartPre'))
    await runOn(sim, machine, line.replace(/^-/, '').split(' '), { env: ENV });
  const pause = (): Promise<void> => Promise.reject(new Pause());
  try {
    const { exitCode, stderr } = await runOn(sim, machine, [programOf(machine)], { env: ENV, sleep: pause });
    throw new Error(`the keeper of ${machine.spec.name} ended with ${exitCode}: ${stderr}`);
  } catch (error) {
    if (!(error instanceof Pause)) throw error;
  }
  const every = Number(setting(machine, 'EVERY')) * 1000;
  for (const about of roundsOf(machine)) roundIn(sim.world, machine, about, every);
};

const waiting = ({ world }: Sim, machine: SimMachine, about: string): boolean => {
  const folder = `${mountOf(machine, about)}/.kglab/requests`;
  try {
    const files = new Files(world, machine);
    return files.isDir(folder) && files.names(folder).some((name) => !/^\.|\.failed$/.test(name));
  } catch (error) {
    if (error instanceof FileProblem) return false;
    throw error;
  }
};

/** Kind of the job that repeats a lost round: a world that is read from a file has lost its background programs. */
const LOST = 'keeper.lost';

const forget = ({ world }: Sim, { spec }: SimMachine, about: string): void => {
  world.jobs = world.jobs.filter(
    (job) => job.kind !== LOST || job.machine !== spec.name || job.about !== about,
  );
};

const doRound: JobHandler = async (sim, machine, job) => {
  const [about = '', tries = '0'] = job.split(' ');
  if (!isOn(machine)) return;
  const every = about === CATALOGUE ? TIMES.catalogue : Number(setting(machine, 'EVERY')) * 1000;
  if (isAsleep(sim, machine, about)) return roundIn(sim.world, machine, about, every);
  sim.schedule(machine, LOST, TIMES.deadline, about);
  const words = about === CATALOGUE ? ['catalogue'] : ['work', about];
  const argv = ['timeout', '-k', '5', String(TIMES.deadline / 1000), programOf(machine), ...words];
  await inBackground(
    sim,
    machine,
    about,
    argv,
    ({ exitCode, stderr }) => {
      note(machine, stderr);
      forget(sim, machine, about);
      if (waiting(sim, machine, about)) return roundIn(sim.world, machine, about, every);
      if (exitCode === 0 && stderr === '') return;
      const next = Number(tries) + 1;
      roundIn(sim.world, machine, about, next > TRIES ? TIMES.catalogue : every, next);
    },
    { env: ENV },
  );
};

/** Jobs of the keepers. */
export const KEEPER_JOBS: Readonly<Record<string, JobHandler>> = {
  'keeper.start': startKeeper,
  [ROUND]: doRound,
  [LOST]: ({ world }, machine, about) => roundIn(world, machine, about, 0),
};
