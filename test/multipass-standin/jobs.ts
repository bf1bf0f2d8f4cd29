import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { openSync } from 'node:fs';
import { Failure } from './failure.js';
import { isAlive, readJson, sleep, writeJson } from './files.js';
import { Spinner } from './screen.js';
import type { World } from './world.js';

/** Something that the daemon does on its own, whatever becomes of the client that has asked for it. */
export interface Job {
  readonly what: 'launch' | 'start';
  readonly name: string;
  /** Seconds until the image is there. */
  readonly downloadSeconds?: number;
  /** How it is to end. */
  readonly fault?: string | undefined;
}

/** How far a job is, and how it ended. */
export interface Progress {
  readonly phase: string;
  readonly done?: boolean;
  readonly exitCode?: number;
  readonly stderr?: string;
}

export const progressFile = (world: World, id: string): string => world.path('jobs', `${id}.progress.json`);

/** Hands a job to a process of its own. Returns its id and process id. */
export const post = (world: World, job: Job): { readonly id: string; readonly pid: number } => {
  const id = randomUUID();
  writeJson(world.path('jobs', `${id}.json`), job);
  const log = openSync(world.path('jobs', `${id}.log`), 'a');
  const child = spawn(process.execPath, [process.argv[1] as string, '--daemon', id], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env: process.env,
  });
  child.unref();
  return { id, pid: child.pid as number };
};

/** The client's own timer: it leaves, the daemon stays. */
const CLIENT_TIMEOUT = 5;

/** Waits for a job as the client does, with its spinner. Throws Failure when it failed or took too long. */
export const follow = async (
  world: World,
  { id, pid }: { readonly id: string; readonly pid: number },
  timeout: { readonly seconds: number | undefined; readonly text: string },
): Promise<void> => {
  const spinner = new Spinner();
  const end = timeout.seconds === undefined ? Infinity : Date.now() + timeout.seconds * 1000;
  let shown = '';
  for (;;) {
    const progress = readJson<Progress>(progressFile(world, id));
    if (progress !== undefined && progress.phase !== shown) spinner.start((shown = progress.phase));
    if (progress?.done) {
      spinner.stop();
      if (progress.exitCode !== 0) throw new Failure(progress.exitCode ?? 2, progress.stderr ?? '');
      return;
    }
    if (Date.now() > end) {
      spinner.stop();
      throw new Failure(CLIENT_TIMEOUT, `${timeout.text}\n`);
    }
    if (!isAlive(pid) && !readJson<Progress>(progressFile(world, id))?.done)
      throw new Failure(2, `the stand-in's daemon has died; see ${world.path('jobs', `${id}.log`)}\n`);
    await sleep(40);
  }
};
