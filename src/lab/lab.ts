import type { LabConfig } from '../config/config.js';
import type { LabFiles } from '../engine/context.js';
import type { MachineProvider } from '../machines/provider.js';
import { PROVIDERS } from '../providers/registry.js';
import type { Clock } from '../util/clock.js';
import { printRecord, type LabRecord } from './lab-store.js';
import type { World } from './world.js';

/** An open lab: its record and everything needed to work on it. */
export interface Lab {
  readonly name: string;
  readonly record: LabRecord;
  readonly config: LabConfig;
  readonly provider: MachineProvider;
  /** The lab is simulated; see rehearsal.ts. */
  readonly isRehearsal: boolean;
  /** Its files on this host. */
  readonly files: LabFiles;
  /** The time of its machines: virtual for a simulated lab. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The host, and what all labs share. */
  readonly world: World;
  /** Shows a message on stderr. */
  say(line: string): void;
}

/** Opens a lab from its record, whether its machines exist or not. */
export const openLab = async (record: LabRecord, world: World): Promise<Lab> => {
  const { name, id, config } = record;
  const provider = await world.provider(record.provider, {
    lab: { name, id },
    image: config.image,
    network: config.network,
    machines: config.nodes.map(({ machine }) => machine),
  });
  return {
    ...{ name, record, config, provider, world },
    isRehearsal: PROVIDERS[record.provider].simulated,
    files: world.store.files(name),
    clock: provider.clock ?? world.clock,
    signal: world.signal,
    say: (line) => world.say(line),
  };
};

/** Saves the record, and a copy with the provider; returns the lab with that record. */
export const saveRecord = async (lab: Lab, record: LabRecord): Promise<Lab> => {
  await lab.world.store.save(record);
  await lab.provider.abilities.remember?.(printRecord(record));
  return { ...lab, record, config: record.config };
};
