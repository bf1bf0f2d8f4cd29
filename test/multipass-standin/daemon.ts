import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { backendOf, type Backend } from './backend.js';
import { errorsOccurred, type Failure } from './failure.js';
import { hang } from './faults.js';
import { claim, isClaimed, readJson, sleep, withLock, writeJson } from './files.js';
import { progressFile, type Job, type Progress } from './jobs.js';
import type { Record_, World } from './world.js';

type Tell = (progress: Progress) => void;

const failure = ({ exitCode, stderr }: Failure): Progress => ({
  phase: 'failed',
  done: true,
  exitCode,
  stderr,
});

const awaitCloudInit = async (backend: Backend, name: string): Promise<void> => {
  while (!(await backend.isInitialised(name))) {
    if (!(await backend.isUp(name))) return;
    await sleep(100);
  }
};

/** How often it is looked whether an image has come, in milliseconds. */
const LOOK_AGAIN_MS = 20;

/** One download of an image serves all who wait for it. It ends early when somebody else puts the image there. */
const fetchImage = (world: World, release: string, seconds: number, tell: Tell): Promise<void> => {
  const image = world.path('images', release);
  return withLock(`${image}.lock`, async () => {
    for (let percent = 0; percent < 100 && readJson(image) === undefined; percent += 25) {
      tell({ phase: `Retrieving image: ${percent}%` });
      const end = Date.now() + seconds * 250;
      while (Date.now() < end && readJson(image) === undefined) await sleep(LOOK_AGAIN_MS);
    }
    writeJson(image, true);
  });
};

const bringUp = async (world: World, job: Job, backend: Backend, tell: Tell): Promise<void> => {
  const { name, what, fault } = job;
  const fail = (text: string): void => tell(failure(errorsOccurred(what, text)));
  tell({ phase: `Starting ${name}` });
  const started = await world.alone(name, async () => {
    if ((world.get(name)?.state ?? 'Deleted') === 'Deleted') return false;
    await hang(world, 'booting', name);
    await backend.start(name);
    world.setState(name, fault === 'ssh-timeout' ? 'Unknown' : 'Running');
    return true;
  });
  if (!started) return fail(`instance "${name}" does not exist`);
  if (fault === 'ssh-timeout') return fail(`${name}: timed out waiting for response`);
  if (what === 'start') return tell({ phase: 'started', done: true, exitCode: 0 });
  tell({ phase: 'Waiting for initialization to complete' });
  if (fault === 'init-timeout') return fail('timed out waiting for initialization to complete');
  await awaitCloudInit(backend, name);
  tell({ phase: 'launched', done: true, exitCode: 0 });
};

const launch = async (world: World, job: Job, backend: Backend, tell: Tell): Promise<void> => {
  const { name } = job;
  const draft = world.path('preparing', `${name}.json`);
  const place = world.path('preparing', name);
  try {
    const record = readJson<Record_>(draft);
    if (record === undefined) throw new Error('no draft');
    await fetchImage(world, record.image, job.downloadSeconds ?? 0, tell);
    tell({ phase: `Configuring ${name}` });
    await backend.prepare();
    await world.alone(name, async () => {
      await backend.lay(record);
      world.put({ ...record, state: 'Starting' });
    });
  } finally {
    rmSync(draft, { force: true });
    rmSync(place, { force: true });
  }
  await bringUp(world, job, backend, tell);
};

/** Does a job to its end, in a process of its own. */
export const work = async (id: string, world: World): Promise<void> => {
  const job = readJson<Job>(world.path('jobs', `${id}.json`));
  if (job === undefined) return;
  const tell: Tell = (progress) => writeJson(progressFile(world, id), progress);
  const backend = await backendOf(world);
  try {
    await (job.what === 'launch' ? launch : bringUp)(world, job, backend, tell);
  } catch (error) {
    tell({ phase: 'failed', done: true, exitCode: 2, stderr: `${job.what} failed: ${String(error)}\n` });
    throw error;
  }
};

/** Lets another process stand for a name that is claimed. */
export const handOver = (world: World, name: string, pid: number): void => {
  const place = world.path('preparing', name);
  writeFileSync(`${place}.${pid}`, String(pid));
  renameSync(`${place}.${pid}`, place);
};

/** Claims a name for a launch; false when it is being prepared already. */
export const claimName = (world: World, name: string): boolean => {
  const place = world.path('preparing', name);
  if (isClaimed(place)) return false;
  rmSync(place, { force: true });
  return claim(place);
};
