import { cmd, type Executor } from '../exec/command.js';
import type { Check } from './host-check.js';

/** The version question of a program on this host; a program that hangs is as good as none. */
const ASK_MS = 20_000;

/** The host's own Gluster client, which only `kglab mount` needs. */
export const glusterClientCheck = (host: Executor, platform: NodeJS.Platform): Check => ({
  id: 'gluster-client',
  title: 'Gluster client',
  optional: 'kglab mount',
  applicable: () => platform === 'linux',
  run: async () => {
    const { exitCode, stdout } = await host.exec(cmd('glusterfs', '--version'), { timeoutMs: ASK_MS });
    if (exitCode === 0) return { ok: true, found: stdout.split('\n')[0] ?? '' };
    return { ok: false, found: 'not installed', fix: { packages: ['glusterfs-client'] } };
  },
});
