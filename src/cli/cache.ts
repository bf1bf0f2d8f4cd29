import { addToCache, type Added } from '../artifacts/add-to-cache.js';
import type { Arch } from '../artifacts/release-names.js';
import { listCache, removeFromCache, type CacheEntry } from '../artifacts/list-cache.js';
import { HostExecutor } from '../exec/host-executor.js';
import { whileWaiting } from '../report/timing.js';
import { dirsOf } from '../util/dirs.js';
import { systemClock } from '../util/clock.js';
import type { OutputFlags } from './support/flags.js';
import { renderOutput, renderTable } from './support/output.js';
import type { Session } from './support/session.js';
import { stderr, stdout } from './support/streams.js';

const place = () => ({ cacheDir: dirsOf(process.env).cache, host: new HostExecutor() });

const MIB = 1024 * 1024;

const describe = (entry: CacheEntry): readonly string[] => [
  entry.id,
  entry.kind,
  `${(entry.bytes / MIB).toFixed(0)} MiB`,
  entry.kind === 'image' ? entry.refs.join(' ') : '',
];

/** `kglab cache list` */
export const cacheListCommand = async (_session: Session, { output }: OutputFlags): Promise<void> => {
  const entries = await listCache(place());
  const table = (): string =>
    entries.length === 0
      ? 'The cache is empty. `kglab up` fills it; without internet: kglab cache add DIR\n'
      : renderTable(['entry', 'kind', 'size', 'images'], entries.map(describe));
  stdout.write(await renderOutput(output, entries, table));
};

const added = (one: Added): string =>
  `${one.already ? 'already cached' : 'added'}: ${one.kind === 'release' ? `k3s ${one.version} (${one.arch})` : one.refs.join(' ')}\n`;

/** `kglab cache add` */
export const cacheAddCommand = async (
  session: Session,
  paths: string[],
  { output, version, arch }: OutputFlags & { version?: string; arch?: Arch },
): Promise<void> => {
  const all: Added[] = [];
  const say = (line: string): void => void stderr.write(`${line}\n`);
  for (const path of paths) {
    say(`adding ${path}`);
    const work = addToCache({ ...place(), path, version, arch, signal: session.abort.signal });
    const what = (): string => `still checking and copying ${path}`;
    all.push(...(await whileWaiting(work, { clock: systemClock, say, what })));
  }
  stdout.write(await renderOutput(output, all, () => all.map(added).join('')));
};

/** `kglab cache rm` */
export const cacheRemoveCommand = async (_session: Session, entries: string[]): Promise<void> => {
  for (const what of entries) {
    const removed = await removeFromCache({ ...place(), what });
    stdout.write(removed.map(({ id }) => `removed: ${id}\n`).join(''));
  }
};
