import { fill } from '../../util/template.js';

export interface MountInput {
  readonly machine: string;
  readonly volume: string;
  readonly path: string;
  readonly servers: readonly string[];
  readonly local: boolean;
}

/** The text of the mount unit. A storage machine asks its own glusterd first; the others are its backup. */
export const renderMountUnit = (template: string, { volume, path, servers, local }: MountInput): string =>
  fill(template, {
    volume,
    path,
    server: local ? 'localhost' : (servers[0] ?? 'localhost'),
    servers: servers.join(':'),
    wantsGlusterd: local ? ' glusterd.service' : '',
  });
