import { readFileSync } from 'node:fs';

/** The root of the installed package: three folders up in src/cli/support, one up in dist. */
export const packageUrl = (path: string): URL => {
  const root = new URL(import.meta.url).pathname.includes('/src/cli/') ? '../../../' : '../';
  return new URL(`${root}${path}`, import.meta.url);
};

/** Version of this kglab. */
export const ownVersion = (): string =>
  (JSON.parse(readFileSync(packageUrl('package.json'), 'utf8')) as { version: string }).version;
