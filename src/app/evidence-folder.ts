import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checked } from '../exec/checked.js';
import { cmd, type Executor, redact } from '../exec/command.js';
import { writePrivate } from '../util/private-files.js';

/** A private folder (0700) in which an archive is put together. Every text passes `redact` before it is written. */
export class EvidenceFolder {
  constructor(
    private readonly path: string,
    private readonly redact: (text: string) => string,
  ) {}

  write(file: string, text: string): Promise<void> {
    return writePrivate(join(this.path, file), this.redact(text));
  }

  /** Copies the files of a folder, if it exists. */
  async copy(from: string, to: string): Promise<void> {
    const entries = await readdir(from, { withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      if (entry.isFile())
        await this.write(join(to, entry.name), await readFile(join(from, entry.name), 'utf8'));
  }

  /** Packs the folder into a new file (0600) and removes it. */
  async pack(target: string, host: Executor): Promise<void> {
    const tar = cmd('tar', '-czf', target, '-C', dirname(this.path), basename(this.path));
    // Created private before tar fills it.
    await writePrivate(target, '');
    try {
      await checked(host, 'host', tar, { code: 'HOST_UNFIT', what: `Writing ${target}` });
    } catch (error) {
      // Nobody should take half an archive for a whole one.
      await rm(target, { force: true });
      throw error;
    }
    await this.remove();
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** Ends of the names of secrets: K3S_TOKEN, etcd-s3-secret-key, client-key-data, `auth` of a registry. */
const NAME = String.raw`(?:token|passw(?:or)?d|(?<![a-z])pass(?:phrase)?|secret(?:[-_.]?(?:access[-_.]?)?key)?|client-key-data|private[-_.]?key|(?<![\w.-])auth)`;
/** A value: a quoted text or a word. */
const VALUE = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"',}\]]+)`;

/** Patterns of secrets, and their replacements, which keep the text before the secret. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g, '-----BEGIN $1----- ***'],
  // The end of a key whose beginning was cut off by `tail`.
  [/(?:^[ \t]*[\w+/=]+[ \t]*\r?\n)+[ \t]*-----END ([A-Z ]*PRIVATE KEY)-----/gm, '*** -----END $1-----'],
  // k3s tokens with the cluster's checksum, and tokens of service accounts.
  [/\bK10[0-9a-f]{16,}::[^\s"']+/g, 'K10***'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+/g, 'eyJ***'],
  [/(\bbearer\s+)[\w.~+/-]{8,}=*/gi, '$1***'],
  // `scheme://user:password@host`
  [/(\b[a-z][\w+.-]*:\/\/[^\s:/@]*:)[^\s/]+@/gi, '$1***@'],
  // A line of YAML: `password: three words`.
  [new RegExp(`(^[ \\t-]*[\\w.-]*${NAME}:[ \\t]+)[^\\s"'].*`, 'gim'), '$1***'],
  // `"password": "x"`, `K3S_TOKEN=x`, `--token x`.
  [new RegExp(`(${NAME}["']?[ \\t]*[:=][ \\t]*)${VALUE}`, 'gi'), '$1***'],
  [new RegExp(`(--[\\w-]*${NAME}[ \\t]+)(?!-)${VALUE}`, 'gi'), '$1***'],
  // Volume files of Gluster: `option auth.login.<user>.password x`.
  [/(^\s*option\s+\S*password\s+)\S+/gim, '$1***'],
];

/** Removes known secrets and whatever looks like one. */
export const redactEvidence = (text: string, known: Iterable<string>): string =>
  PATTERNS.reduce(
    (shown, [pattern, instead]) => shown.replaceAll(pattern, instead),
    redact(text, [...known]),
  );
