import { readdirSync, readFileSync } from 'node:fs';
import type { Templates } from '../../engine/context.js';
import { packageUrl } from './package-info.js';

/** The files of templates/ and cloud-init/, by name. */
export const loadTemplates = (): Templates =>
  Object.fromEntries(
    ['templates/', 'cloud-init/'].flatMap((folder) => {
      const url = packageUrl(folder);
      return readdirSync(url).map((name) => [name, readFileSync(new URL(name, url), 'utf8')] as const);
    }),
  );
