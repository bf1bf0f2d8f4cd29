import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { CATALOG, type ErrorCode } from '../../../src/errors/catalog.js';
import { NEXT_STEPS } from '../../../src/errors/next-steps.js';

const PAGE = fileURLToPath(new URL('../../../docs/errors.md', import.meta.url));

const HEAD = `# Errors

Every failure has one of these codes and ends kglab with its exit code. What is shown beside it is more exact: the reason,
the output it comes from, the command that failed. Where kglab knows better what to type next, it says that instead.
`;

const row = (code: ErrorCode): string =>
  `| \`${code}\` | ${CATALOG[code].exit} | ${CATALOG[code].title} | ${NEXT_STEPS[code].replaceAll('|', '\\|')} |`;

// `npx vitest run -u` writes the page anew.
it('has a page that lists every code', async () => {
  const rows = (Object.keys(CATALOG) as ErrorCode[]).map(row);
  const table = ['| code | exit | meaning | next |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const page = await format(`${HEAD}\n${table}\n`, { parser: 'markdown', printWidth: 120 });
  await expect(page).toMatchFileSnapshot(PAGE);
});
