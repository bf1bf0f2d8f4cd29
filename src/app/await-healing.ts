import { storageNodes } from '../config/roles.js';
import type { MachineProvider } from '../machines/provider.js';
import { gluster } from '../gluster/commands.js';
import { parseHeal } from '../gluster/parse.js';
import { parseAnswer } from '../gluster/xml.js';
import type { LabRecord } from '../lab/lab-store.js';
import { mapPool } from '../util/pool.js';
import { waitFor } from '../util/wait.js';
import type { World } from '../lab/world.js';

/** How long a stop is put off: a few files heal in that time, and who stops a lab does not want to wait for many. */
const PATIENCE_MS = 8_000;
const EVERY_MS = 1_000;
/** An answer takes half a second; bricks that are away make it late, and then it is not waited for. */
const ASK_MS = 5_000;
/** Volumes asked about at the same time. */
const LIMIT = 4;

/** Entries that wait for healing, by volume; volumes without any, or that cannot be asked, are not in it. */
const owed = async (
  { config }: LabRecord,
  from: string,
  provider: MachineProvider,
  { signal }: World,
): Promise<readonly string[]> => {
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
export const awaitHealing = async (
  record: LabRecord,
  running: ReadonlySet<string>,
  provider: MachineProvider,
  world: World,
): Promise<void> => {
  const from = storageNodes(record.config).find(({ machine }) => running.has(machine))?.machine;
  if (from === undefined) return;
  const clock = provider.clock ?? world.clock;
  let left: readonly string[] = [];
  const look = async (): Promise<true | undefined> => {
    const isFirst = left.length === 0;
    left = await owed(record, from, provider, world);
    if (left.length === 0) return true;
    if (isFirst) world.say(`waiting ${PATIENCE_MS / 1000} s at most for healing (${left.join(', ')})`);
    return undefined;
  };
  const options = { clock, signal: world.signal, timeoutMs: PATIENCE_MS, everyMs: EVERY_MS };
  if (await waitFor(look, options)) return;
  world.say(`not healed yet, and healed once the lab is started: ${left.join(', ')}`);
};
