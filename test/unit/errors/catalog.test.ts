import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { CATALOG, type ErrorCode } from '../../../src/errors/catalog.js';
import { NEXT_STEPS } from '../../../src/errors/next-steps.js';

const PAGE = fileURLToPath(new URL('../../../docs/errors.md', import.meta.url));

const HEAD = `# Errors

Every failure has one of these codes; kglab exits with the number beside it. The error itself gives the exact cause, the
output and the failed command, and often a better next step than this table.
`;

const row = (code: ErrorCode): string =>
  `| \`${code}\` | ${CATALOG[code].exit} | ${CATALOG[code].title} | ${NEXT_STEPS[code].replaceAll('|', '\\|')} |`;

// `npx vitest run -u` rewrites the page.
it('docs/errors.md lists every code with its exit code, meaning and next step', async () => {
  const rows = (Object.keys(CATALOG) as ErrorCode[]).map(row);
  const table = ['| code | exit | meaning | next |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const page = await format(`${HEAD}\n${table}\n`, { parser: 'markdown', printWidth: 120 });
  await expect(page).toMatchFileSnapshot(PAGE);
});

it('gives every exit code to one code, except where the codes are related', () => {
  const codes = Object.keys(CATALOG) as ErrorCode[];
  const shared = codes.filter((code) =>
    codes.some((other) => other !== code && CATALOG[other].exit === CATALOG[code].exit),
  );
  expect(shared).toEqual([
    ...['USAGE', 'CONFIRMATION_NEEDED'],
    ...['CONFIG_INVALID', 'CONFIG_UNREADABLE'],
    ...['HOST_UNFIT', 'HOST_NOT_ROOT'],
    ...['MULTIPASS_MISSING', 'MULTIPASS_DAEMON_DOWN'],
    ...['MULTIPASS_SOCKET_DENIED', 'MULTIPASS_NOT_AUTHENTICATED'],
    ...['MULTIPASS_WEDGED', 'MULTIPASS_TIMEOUT'],
    ...['MULTIPASS_IMAGE', 'MULTIPASS_HOST'],
  ]);
});
