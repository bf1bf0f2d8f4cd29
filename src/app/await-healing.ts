import { storageNodes } from '../config/roles.js';
import { gluster } from '../gluster/commands.js';
import { parseHeal } from '../gluster/parse.js';
import { parseAnswer } from '../gluster/xml.js';
import type { Lab } from '../lab/lab.js';
import { mapPool } from '../util/pool.js';
import { waitFor } from '../util/wait.js';

/** How long a stop waits: enough for a few files to heal. */
const PATIENCE_MS = 8_000;
const EVERY_MS = 1_000;
/** An answer takes half a second, but much longer while bricks are offline. */
const ASK_MS = 5_000;
/** Volumes asked about at the same time. */
const LIMIT = 4;

/** Volumes with pending heals; without those that do not answer. */
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

/** Waits a short time for pending heals before bricks go offline, and says what is left for the next start. */
export const awaitHealing = async (lab: Lab, running: ReadonlySet<string>): Promise<void> => {
  const { config, clock, signal } = lab;
  const from = storageNodes(config).find(({ machine }) => running.has(machine))?.machine;
  if (from === undefined) return;
  let left: readonly string[] = [];
  const look = async (): Promise<true | undefined> => {
    const isFirst = left.length === 0;
    left = await pendingHeals(lab, from);
    if (left.length === 0) return true;
    if (isFirst) lab.say(`waiting up to ${PATIENCE_MS / 1000} s for heals (${left.join(', ')})`);
    return undefined;
  };
  const options = { clock, signal, timeoutMs: PATIENCE_MS, everyMs: EVERY_MS };
  if (await waitFor(look, options)) return;
  lab.say(`not finished healing (continues at the next start): ${left.join(', ')}`);
};
