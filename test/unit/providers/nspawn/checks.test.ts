import { describe, expect, it } from 'vitest';
import { nspawnChecks, parseControllers } from '../../../../src/providers/nspawn/checks.js';
import type { Executor } from '../../../../src/exec/command.js';

const host = (missing: string): Executor => ({
  exec: async ({ file }) => ({
    exitCode: file === missing ? 127 : 0,
    stdout: `${file} 1.0`,
    stderr: '',
    durationMs: 1,
  }),
});

describe('nspawnChecks', () => {
  it('names the package that brings a missing program', async () => {
    const checks = nspawnChecks({
      host: host('nft'),
      dataDir: '/var/lib/kglab',
      cacheDir: '/var/cache/kglab',
    });
    const run = (id: string) => checks.find((check) => check.id === id)?.run();
    expect(await run('nft')).toEqual({ ok: false, found: 'not installed', fix: { packages: ['nftables'] } });
    expect(await run('mmdebstrap')).toEqual({ ok: true, found: 'mmdebstrap 1.0' });
  });

  it('names what only kglab mount needs as such', async () => {
    const checks = nspawnChecks({ host: host('glusterfs'), dataDir: '/', cacheDir: '/' });
    const client = checks.find(({ id }) => id === 'gluster-client');
    expect(client?.optional).toBe('kglab mount');
    expect(await client?.run()).toMatchObject({ ok: false, fix: { packages: ['glusterfs-client'] } });
    expect(checks.filter(({ optional }) => optional !== undefined)).toEqual([client]);
  });

  it('has an id for each check once', () => {
    const ids = nspawnChecks({ host: host(''), dataDir: '/', cacheDir: '/' }).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('parseControllers', () => {
  it('takes only the enabled ones', () => {
    const text =
      '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t3\t1\nmemory\t0\t3\t0\npids\t8\t1\t1\n';
    expect(parseControllers(text)).toEqual(['cpu', 'pids']);
  });
});
