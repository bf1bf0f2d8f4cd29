/** A package index of the host's apt, as `apt-get indextargets` lists it. */
export interface IndexTarget {
  readonly origin: string;
  readonly site: string;
  readonly release: string;
  readonly component: string;
  /** `FILE:N` in the host's apt configuration; N counts lines, or stanzas in a .sources file. */
  readonly entry: string;
}

const FIELDS = ['ORIGIN', 'SITE', 'RELEASE', 'COMPONENT', 'SOURCESENTRY'] as const;

/** Prints one index a line, its fields separated by `|`. */
export const INDEX_TARGETS = {
  file: 'apt-get',
  args: ['indextargets', '--format', FIELDS.map((field) => `$(${field})`).join('|'), 'Created-By: Packages'],
} as const;

/** Parses the output of {@link INDEX_TARGETS}. apt prints unknown fields as `$(FIELD)`: they are empty here. */
export const parseIndexTargets = (stdout: string): readonly IndexTarget[] =>
  stdout
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => {
      const values = line.split('|').map((value) => (value.startsWith('$(') ? '' : value));
      const [origin = '', site = '', release = '', component = '', entry = ''] = values;
      return { origin, site, release, component, entry };
    });

/** Third-party repositories of the host must not get into the image. */
const DISTRIBUTIONS: ReadonlySet<string> = new Set(['Debian', 'Ubuntu']);

/** The keyring file of each distribution's archive. */
export const ARCHIVE_KEYRINGS: Readonly<Record<string, string>> = {
  Debian: '/usr/share/keyrings/debian-archive-keyring.gpg',
  Ubuntu: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
};

/** The keyring file that the configuration entry of an index names, if any. `text` is the content of that file. */
export const findSignedBy = (text: string, { entry, site }: IndexTarget): string | undefined => {
  const number = Number(/:(\d+)$/.exec(entry)?.[1]);
  if (entry.includes('.sources:')) {
    const stanza = text.split(/\n\s*\n/).find((part) => part.includes('Signed-By') && part.includes(site));
    return /^Signed-By:\s*(\/\S+)\s*$/m.exec(stanza ?? '')?.[1];
  }
  return /signed-by="?(\/[^\]\s",]+)/.exec(text.split('\n')[number - 1] ?? '')?.[1];
};

/**
 * The lines of a sources.list for the image: the host's mirrors of its distribution, with `suite` in place of the
 * host's suite. `signedBy` returns the keyring of an index.
 */
export const toSourceLines = (
  targets: readonly IndexTarget[],
  hostSuite: string,
  suite: string,
  signedBy: (target: IndexTarget) => string | undefined,
): readonly string[] => {
  const components = new Map<string, Set<string>>();
  for (const target of targets) {
    const { origin, site, release, component } = target;
    if (!DISTRIBUTIONS.has(origin) || (release !== hostSuite && !release.startsWith(`${hostSuite}-`)))
      continue;
    const keyring = signedBy(target);
    const option = keyring === undefined ? '' : `[signed-by=${keyring}] `;
    const key = `deb ${option}${site} ${release.replace(hostSuite, suite)}`;
    components.set(key, (components.get(key) ?? new Set()).add(component));
  }
  return [...components].map(([key, names]) => `${key} ${[...names].join(' ')}`);
};

/** Settings of the host's apt that may be needed to reach its mirrors. */
const TAKEN_OVER = /^Acquire::(https?|ftp|Check-Date|Check-Valid-Until|Max-FutureTime|ForceIPv[46])\b/i;

/** Reads `apt-config dump` and returns the options for the image's apt (proxies, certificates, clock checks). */
export const parseAptOptions = (dump: string): readonly string[] =>
  dump.split('\n').filter((line) => TAKEN_OVER.test(line) && !/ "";$/.test(line));
