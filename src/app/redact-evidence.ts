import { redact } from '../exec/command.js';

/** Names of secrets, as the end of a longer name: K3S_TOKEN, etcd-s3-secret-key, client-key-data, `auth` of a registry. */
const NAME = String.raw`(?:token|passw(?:or)?d|(?<![a-z])pass(?:phrase)?|secret(?:[-_.]?(?:access[-_.]?)?key)?|client-key-data|private[-_.]?key|(?<![\w.-])auth)`;
/** A value: in quotes whatever they enclose, else a word. */
const VALUE = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"',}\]]+)`;

/** What gives secrets away that nobody has told us of; each keeps what stands before the secret. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g, '-----BEGIN $1----- ***'],
  // The end of a key whose beginning was cut off: logs are collected from their ends.
  [/(?:^[ \t]*[\w+/=]+[ \t]*\r?\n)+[ \t]*-----END ([A-Z ]*PRIVATE KEY)-----/gm, '*** -----END $1-----'],
  // k3s tokens with the checksum of their cluster, and tokens of service accounts.
  [/\bK10[0-9a-f]{16,}::[^\s"']+/g, 'K10***'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+/g, 'eyJ***'],
  [/(\bbearer\s+)[\w.~+/-]{8,}=*/gi, '$1***'],
  // `scheme://user:password@host`
  [/(\b[a-z][\w+.-]*:\/\/[^\s:/@]*:)[^\s/]+@/gi, '$1***@'],
  // A line of YAML, to its end: `password: three words`.
  [new RegExp(`(^[ \\t-]*[\\w.-]*${NAME}:[ \\t]+)[^\\s"'].*`, 'gim'), '$1***'],
  // `"password": "x"`, `K3S_TOKEN=x`, `--token x`.
  [new RegExp(`(${NAME}["']?[ \\t]*[:=][ \\t]*)${VALUE}`, 'gi'), '$1***'],
  [new RegExp(`(--[\\w-]*${NAME}[ \\t]+)(?!-)${VALUE}`, 'gi'), '$1***'],
  // Volume files of Gluster: `option auth.login.<user>.password x`.
  [/(^\s*option\s+\S*password\s+)\S+/gim, '$1***'],
];

/** A text without secrets: those that are known, and whatever looks like one. */
export const redactEvidence = (text: string, known: Iterable<string>): string =>
  PATTERNS.reduce(
    (shown, [pattern, instead]) => shown.replaceAll(pattern, instead),
    redact(text, [...known]),
  );
