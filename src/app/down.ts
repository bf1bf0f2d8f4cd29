import type { MachineInfo, MachineProvider } from '../providers/provider.js';
import type { LabRecord } from '../state/lab-store.js';
import { mapPool } from '../util/pool.js';
import { hostMounts, unmountOnHost } from '../volumes/host-mount.js';
import type { World } from './world.js';

/** What `down` is about to remove. */
export interface Removal {
  readonly record: LabRecord;
  readonly machines: readonly MachineInfo[];
  readonly provider: MachineProvider;
}

/** Looks at what belongs to the lab; changes nothing. */
export const planRemoval = async (record: LabRecord, world: World): Promise<Removal> => {
  const provider = world.provider({ id: record.provider, lab: record, config: record.config });
  return { record, provider, machines: await provider.list({ signal: world.signal }) };
};

/** Machines removed at the same time. */
const LIMIT = 4;

/**
 * Ends mounts on this host, removes the machines, then what they stood on, then the record; the record last, so that
 * an interrupted `down` is simply repeated. Machines are removed whole: no unmount that could hang is needed.
 */
export const down = async ({ record, machines, provider }: Removal, world: World): Promise<void> => {
  const { signal, host, store } = world;
  const place = { host, signal, files: store.files(record.name), dir: store.dir(record.name) };
  // Detached, not waited for: a mount on this host may be in use, and nothing will be behind it any more.
  for (const mount of await hostMounts(place)) await unmountOnHost(mount, place, { force: true });
  await mapPool(machines, LIMIT, async ({ name }) => {
    world.say(`removing ${name}`);
    await provider.remove(name, { signal });
  });
  await provider.cleanup({ signal });
  await world.store.remove(record.name);
};
