import { describe, expect, it } from 'vitest';
import { inventory } from '../../../src/volumes/inventory.js';
import { findKept, meantToRestore, parseTarget } from '../../../src/volumes/resolve.js';
import { directory, pvName, surveyed } from './fixtures.js';

describe('parseTarget', () => {
  it.each([
    ['data', { claim: 'data', path: '' }],
    ['team/data', { claim: 'team/data', path: '' }],
    ['team/data:', { claim: 'team/data', path: '' }],
    ['data:/logs/a', { claim: 'data', path: 'logs/a' }],
    ['data.db-0:a:b', { claim: 'data.db-0', path: 'a:b' }],
  ])('reads %s', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it.each(['', ':x', 'Data', 'a b', 'a/b/c', '../x', 'a_b', '$(id)', "a';rm", '-x', '/a', 'a/', 'ä', 'a\nb'])(
    'refuses the claim in %j',
    (text) => {
      expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
    },
  );
});

describe('findKept', () => {
  const all = inventory([
    surveyed([
      directory(`${pvName(1)}_default_data`),
      directory(`${pvName(2)}_team_data`),
      directory(`${pvName(3)}_team_logs`),
    ]),
  ]);

  it.each([
    ['team/data', pvName(2)],
    ['logs', pvName(3)],
    [pvName(1), pvName(1)],
    [`${pvName(3)}_team_logs`, pvName(3)],
  ])('finds %s', (name, pv) => {
    expect(findKept(all, name).entry.pv).toBe(pv);
  });

  it('asks which, when a name fits several', () => {
    expect(() => findKept(all, 'data')).toThrow(
      expect.objectContaining({
        code: 'VOLUME_UNKNOWN',
        details: [`default/data (${pvName(1)})`, `team/data (${pvName(2)})`],
      }) as Error,
    );
  });

  it('names what there is, when there is none', () => {
    expect(() => findKept(all, 'nix')).toThrow(
      expect.objectContaining({ hint: 'Claims with data: default/data, team/data, team/logs' }) as Error,
    );
  });
});

describe('what is to be restored', () => {
  const path = '/opt/local-path-provisioner/app';
  const entry = { version: 1, pv: 'app-pvolume', path, namespace: 'web', claim: 'app-pvclaim' };
  const all = inventory([
    surveyed([directory('app'), directory(`${pvName(1)}_default_data`)], { entries: [entry] }),
  ]);

  it.each([
    ['app-pvolume', 'app-pvolume'],
    ['data', 'default/data'],
    [pvName(9), pvName(9)],
    ['web/app-pvclaim', 'web/app-pvclaim'],
    ['nix', 'default/nix'],
  ])('%s is %s', (name, meant) => {
    expect(meantToRestore(all, name)).toBe(meant);
  });
});
