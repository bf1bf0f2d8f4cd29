import { redact } from '../exec/command.js';

/** What gives secrets away that nobody has told us of; each keeps what stands before the secret. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g, '-----BEGIN $1----- ***'],
  // k3s tokens with the checksum of their cluster, and tokens of service accounts.
  [/\bK10[0-9a-f]{16,}::[^\s"']+/g, 'K10***'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+/g, 'eyJ***'],
  [/(\bbearer\s+)[\w.~+/-]{8,}=*/gi, '$1***'],
  // `token: x`, `"password": "x"`, `K3S_TOKEN=x`, `client-key-data: x`.
  [
    /((?:token|password|passwd|secret|client-key-data|private-key)["']?\s*[:=]\s*["']?)[^\s"',}\]]+/gi,
    '$1***',
  ],
  // Volume files of Gluster: `option auth.login.<user>.password x`.
  [/(^\s*option\s+\S*password\s+)\S+/gim, '$1***'],
];

/** A text without secrets: those that are known, and whatever looks like one. */
export const redactEvidence = (text: string, known: Iterable<string>): string =>
  PATTERNS.reduce(
    (shown, [pattern, instead]) => shown.replaceAll(pattern, instead),
    redact(text, [...known]),
  );
