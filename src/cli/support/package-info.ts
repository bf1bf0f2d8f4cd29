import { existsSync, readFileSync } from 'node:fs';

/** The folder of the installed package: the nearest one above `from` with a package.json. */
const packageRoot = (from: string): URL => {
  let folder = new URL('.', from);
  while (!existsSync(new URL('package.json', folder))) {
    const above = new URL('..', folder);
    if (above.href === folder.href) throw new Error(`There is no package.json above ${from}.`);
    folder = above;
  }
  return folder;
};

/** A file or folder of the installed package. */
export const packageUrl = (path: string): URL => new URL(path, packageRoot(import.meta.url));

/** Version of this kglab. */
export const ownVersion = (): string =>
  (JSON.parse(readFileSync(packageUrl('package.json'), 'utf8')) as { version: string }).version;
