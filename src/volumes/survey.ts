import type { LabConfig } from '../config/config.js';
import { claimsPath } from '../config/roles.js';
import type { StepContext } from '../engine/context.js';
import { checked } from '../exec/checked.js';
import { parseEntry, type Entry } from './entry.js';
import { STORE } from '../guest/layout.js';
import { guestScript } from '../guest/script.js';

/** A directory that holds, or could hold, the data of a claim. */
export interface Directory {
  readonly name: string;
  readonly path: string;
  /** What it takes on the volume, in bytes. */
  readonly bytes: number;
  /** A Gluster volume of its own is mounted there. */
  readonly dedicated: boolean;
}

/** Something that was deleted and can be brought back. */
export interface Quarantined {
  /** `<seconds since the epoch>-<directory>`. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** It is a stopped Gluster volume, not a directory. */
  readonly dedicated: boolean;
  readonly entry: Entry | undefined;
}

/** A Gluster volume of the lab with all that kglab keeps on it. */
export interface Surveyed {
  readonly volume: string;
  readonly mount: string;
  readonly claims: string;
  readonly mounted: boolean;
  readonly directories: readonly Directory[];
  /** Paths of what lies at its top and is no directory. */
  readonly others: readonly string[];
  readonly entries: readonly Entry[];
  readonly quarantine: readonly Quarantined[];
}

const number = (text: string | undefined): number =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;

/** Cuts a line into so many words and the rest. */
const cut = (line: string, words: number): readonly string[] => {
  const parts = line.split(' ');
  return [...parts.slice(0, words), parts.slice(words).join(' ')];
};

/** Reads what `survey` of volumes.sh printed. Throws CATALOGUE_NEWER when a newer kglab has written there. */
export const parseSurvey = (
  text: string,
  { volume, mount, claims }: Pick<Surveyed, 'volume' | 'mount' | 'claims'>,
): Surveyed => {
  const lines = text.split('\n').filter((line) => line !== '');
  const of = (letter: string): string[] =>
    lines.filter((line) => line.startsWith(`${letter} `)).map((line) => line.slice(2));
  const where = `the catalogue on volume ${volume}`;
  const directory = (base: string, dedicated: boolean) => (line: string) => {
    const [bytes, name = ''] = cut(line, 1);
    return { name, path: `${base}/${name}`, bytes: number(bytes), dedicated };
  };
  return {
    volume,
    mount,
    claims,
    mounted: lines[0] !== 'unmounted',
    directories: [...of('D').map(directory(mount, false)), ...of('C').map(directory(claims, true))],
    others: of('F').map((name) => `${mount}/${name}`),
    entries: of('E')
      .map((line) => parseEntry(line, where))
      .filter((entry) => entry !== undefined),
    quarantine: of('Q').map((line) => {
      const [bytes, kind, rest = ''] = cut(line, 2);
      const slash = rest.indexOf('/');
      const [name, manifest] = [rest.slice(0, slash), rest.slice(slash + 1)];
      return {
        name,
        path: `${mount}/${STORE.quarantine}/${name}`,
        bytes: number(bytes),
        dedicated: kind === 'v',
        entry: manifest === '' ? undefined : parseEntry(manifest, where),
      };
    }),
  };
};

/** Walking a volume with many files for its sizes takes a while. */
const SURVEY_MS = 120_000;

/** Looks at every volume of the lab from one machine that mounts them. */
export const survey = async (
  config: LabConfig,
  machine: string,
  context: StepContext,
  { sizes = false }: { readonly sizes?: boolean } = {},
): Promise<readonly Surveyed[]> => {
  const found: Surveyed[] = [];
  for (const volume of config.volumes) {
    const claims = claimsPath(volume);
    const command = guestScript('volumes.sh', 'survey', volume.mount, claims, sizes ? 'sizes' : 'names');
    const { stdout } = await checked(context.machine(machine), machine, command, {
      code: 'VOLUME_FAILED',
      what: `Reading volume ${volume.name} on ${machine}`,
      signal: context.signal,
      timeoutMs: SURVEY_MS,
    });
    found.push(parseSurvey(stdout, { volume: volume.name, mount: volume.mount, claims }));
  }
  return found;
};
