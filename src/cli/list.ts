import { LabStore, type LabRecord } from '../lab/lab-store.js';
import { dirsOf } from '../util/dirs.js';
import type { OutputFlags } from './support/flags.js';
import { readableTime, renderOutput, renderTable } from './support/output.js';
import type { Session } from './support/session.js';
import { stderr, stdout } from './support/streams.js';
import { mapPool } from '../util/pool.js';

/** Files read at the same time. */
const LIMIT = 8;

/** The record of a lab; undefined, and the reason on stderr, if it cannot be read. */
const readRecord = async (store: LabStore, name: string): Promise<LabRecord | undefined> => {
  try {
    return await store.load(name);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`lab ${name} cannot be read: ${why}\n`);
    return undefined;
  }
};

/** `kglab list` */
export const listCommand = async (_session: Session, { output }: OutputFlags): Promise<void> => {
  const store = new LabStore(dirsOf(process.env).state);
  const found = await mapPool(await store.names(), LIMIT, (name) => readRecord(store, name));
  const labs = found
    .filter((record): record is LabRecord => record !== undefined)
    .map(({ name, provider, createdAt, config, protected: isProtected = false }) => ({
      name,
      provider,
      nodes: config.nodes.length,
      created: createdAt,
      protected: isProtected,
    }));
  const table = (): string =>
    labs.length === 0
      ? 'No labs. Create one: kglab up\n'
      : renderTable(
          ['name', 'provider', 'nodes', 'created', ''],
          labs.map((lab) => [
            lab.name,
            lab.provider,
            String(lab.nodes),
            readableTime(lab.created),
            lab.protected ? 'protected' : '',
          ]),
        );
  stdout.write(await renderOutput(output, labs, table));
};
