import type { LabConfig } from '../config/config.js';
import { claimsPath } from '../config/roles.js';
import type { StepContext } from '../engine/context.js';
import { checked } from '../exec/checked.js';
import { sh } from '../exec/command.js';
import { parseEntry, type Entry } from './entry.js';

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

/**
 * Prints a line for everything on the volume mounted at $1, whose claims' own volumes are below $2:
 * `D bytes name`, `F name` (no directory), `C bytes name` (of a volume of its own), `E entry`, `Q bytes d|v name/entry`.
 * $3 is `sizes` or not.
 */
const SURVEY = `
[ "$(stat -f -c %t "$1" 2>/dev/null)" = 65735546 ] || { echo unmounted; exit 0; }
size() { if [ "$3" = sizes ]; then du -s -B1 "$1" 2>/dev/null | cut -f1; else echo 0; fi; }
ls -A "$1" >/dev/null || exit 1
for path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
  [ -e "$path" ] || [ -L "$path" ] || continue
  name=$(printf %s "\${path##*/}" | tr '\\n' '?')
  if [ "$name" = .kglab ]; then continue
  elif [ -d "$path" ]; then printf 'D %s %s\\n' "$(size "$path" "" "$3")" "$name"
  else printf 'F %s\\n' "$name"; fi
done
for path in "$1"/.kglab/volumes/*; do
  [ -e "$path" ] || continue
  echo "C $(size "$2/\${path##*/}" "" "$3") \${path##*/}"
done
for path in "$1"/.kglab/catalogue/*.json; do
  [ -e "$path" ] && printf 'E %s\\n' "$(cat "$path")"
done
for path in "$1"/.kglab/quarantine/*; do
  [ -d "$path" ] || continue
  if [ -e "$path/volume" ]; then kind=v; else kind=d; fi
  # No name has a slash in it, but any may have blanks.
  printf 'Q %s %s %s/%s\\n' "$(size "$path/data" "" "$3")" "$kind" "\${path##*/}" "$(cat "$path/manifest.json" 2>/dev/null)"
done
:`;

const number = (text: string | undefined): number =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;

/** Cuts a line into so many words and the rest. */
const cut = (line: string, words: number): readonly string[] => {
  const parts = line.split(' ');
  return [...parts.slice(0, words), parts.slice(words).join(' ')];
};

/** Reads what {@link SURVEY} printed. Throws CATALOGUE_NEWER when a newer kglab has written there. */
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
        path: `${mount}/.kglab/quarantine/${name}`,
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
    const command = sh(SURVEY, volume.mount, claims, sizes ? 'sizes' : 'names');
    const { stdout } = await checked(context.machine(machine), machine, command, {
      code: 'VOLUME_FAILED',
      what: `Looking at volume ${volume.name} on ${machine}`,
      signal: context.signal,
      timeoutMs: SURVEY_MS,
    });
    found.push(parseSurvey(stdout, { volume: volume.name, mount: volume.mount, claims }));
  }
  return found;
};
