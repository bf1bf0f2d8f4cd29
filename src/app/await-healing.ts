import { storageNodes } from '../config/roles.js';
import { gluster } from '../gluster/commands.js';
import { parseHeal } from '../gluster/parse.js';
import { parseAnswer } from '../gluster/xml.js';
import type { Lab } from '../lab/lab.js';
import { mapPool } from '../util/pool.js';
import { waitFor } from '../util/wait.js';

/** How long a stop is put off: a few files heal in that time, and who stops a lab does not want to wait for many. */
const PATIENCE_MS = 8_000;
const EVERY_MS = 1_000;
/** An answer takes half a second; bricks that are away make it late, and then it is not waited for. */
const ASK_MS = 5_000;
/** Volumes asked about at the same time. */
const LIMIT = 4;

/** Entries that wait for healing, by volume; volumes without any, or that cannot be asked, are not in it. */
const pendingHeals = async ({ config, provider, signal }: Lab, from: string): Promise<readonly string[]> => {
  const found = await mapPool(config.volumes, LIMIT, async ({ name }) => {
    const result = await provider
      .machine(from)
      .exec(gluster('volume', 'heal', name, 'info'), { signal, timeoutMs: ASK_MS })
      .catch(() => undefined);
    signal.throwIfAborted();
    const bricks = result === undefined ? [] : parseHeal(parseAnswer(result.stdout, result.stderr));
    return { name, count: bricks.reduce((sum, { pending = 0 }) => sum + pending, 0) };
  });
  return found.filter(({ count }) => count > 0).map(({ name, count }) => `volume ${name}: ${count} entries`);
};

/** Waits a moment for healing to end before bricks go, and says what is left: it goes on when the lab is started. */
export const awaitHealing = async (lab: Lab, running: ReadonlySet<string>): Promise<void> => {
  const { config, clock, signal } = lab;
  const from = storageNodes(config).find(({ machine }) => running.has(machine))?.machine;
  if (from === undefined) return;
  let left: readonly string[] = [];
  const look = async (): Promise<true | undefined> => {
    const isFirst = left.length === 0;
    left = await pendingHeals(lab, from);
    if (left.length === 0) return true;
    if (isFirst) lab.say(`waiting ${PATIENCE_MS / 1000} s at most for healing (${left.join(', ')})`);
    return undefined;
  };
  const options = { clock, signal, timeoutMs: PATIENCE_MS, everyMs: EVERY_MS };
  if (await waitFor(look, options)) return;
  lab.say(`not healed yet, and healed once the lab is started: ${left.join(', ')}`);
};
