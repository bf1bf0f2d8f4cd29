import type { StepContext } from '../engine/context.js';
import { CommandError } from '../exec/checked.js';
import type { Command } from '../exec/command.js';
import { waitFor } from '../util/wait.js';
import {
  parsePeers,
  parseStatus,
  parseVolumes,
  type Peer,
  type Volume,
  type VolumeProcess,
} from './parse.js';
import { gluster } from './commands.js';
import { parseAnswer, type Answer } from './xml.js';

/** Timeout of a gluster command (milliseconds). With a dead peer it gives up by itself after 120 s. */
const COMMAND_MS = 150_000;
/** How long to retry while another transaction holds glusterd's lock (milliseconds; it may hold it for 3 minutes). */
const BUSY_MS = 60_000;
const BUSY = /nother transaction|Locking failed/;

/** Runs a gluster command on a machine and parses the answer; retries while another transaction holds the lock. */
export const ask = async (context: StepContext, machine: string, command: Command): Promise<Answer> => {
  const { clock, signal } = context;
  let answer: Answer = { ok: false, errno: 0, message: '', body: '' };
  await waitFor(
    async () => {
      const { stdout, stderr } = await context
        .machine(machine)
        .exec(command, { signal, timeoutMs: COMMAND_MS });
      answer = parseAnswer(stdout, stderr);
      return !answer.ok && BUSY.test(answer.message) ? undefined : answer;
    },
    { clock, signal, timeoutMs: BUSY_MS, everyMs: 1000 },
  );
  return answer;
};

/** As {@link ask}; throws GLUSTER_FAILED with Gluster's message unless it succeeded or the message matches `accept`. */
export const must = async (
  context: StepContext,
  machine: string,
  command: Command,
  accept?: RegExp,
): Promise<Answer> => {
  const answer = await ask(context, machine, command);
  if (answer.ok || accept?.test(answer.message)) return answer;
  const result = { exitCode: 1, stdout: '', stderr: answer.message, durationMs: 0 };
  throw new CommandError('GLUSTER_FAILED', machine, command, result, {
    what: `\`gluster ${command.args.slice(2, 4).join(' ')}\` on ${machine}`,
    hint: `Read the log of glusterd: kglab exec ${machine} -- tail -n 30 /var/log/glusterfs/glusterd.log`,
  });
};

/** The trusted pool as one machine sees it, itself included; cached as a fact. */
export const poolOf = (context: StepContext, machine: string): Promise<readonly Peer[]> =>
  context.fact(`pool@${machine}`, async () =>
    parsePeers(await ask(context, machine, gluster('pool', 'list'))),
  );

/** All volumes; cached as a fact. Throws GLUSTER_FAILED. */
export const volumes = (context: StepContext, machine: string): Promise<readonly Volume[]> =>
  context.fact('gluster volumes', async () =>
    parseVolumes(await must(context, machine, gluster('volume', 'info'))),
  );

/** One volume; undefined when it does not exist. Throws GLUSTER_FAILED. */
export const findVolume = async (
  context: StepContext,
  machine: string,
  name: string,
): Promise<Volume | undefined> => (await volumes(context, machine)).find((volume) => volume.name === name);

/** All volumes as one machine knows them, not cached. Throws GLUSTER_FAILED. */
export const volumesOn = async (machine: string, context: StepContext): Promise<readonly Volume[]> =>
  parseVolumes(await must(context, machine, gluster('volume', 'info')));

const NOT_STARTED = /^Volume \S+ is not started$/;

/** Processes of a volume; none when it is stopped. Throws GLUSTER_FAILED when Gluster does not answer. */
export const processes = (
  context: StepContext,
  machine: string,
  volume: string,
): Promise<readonly VolumeProcess[]> =>
  context.fact(`status of ${volume}`, async () =>
    parseStatus(await must(context, machine, gluster('volume', 'status', volume), NOT_STARTED)),
  );
