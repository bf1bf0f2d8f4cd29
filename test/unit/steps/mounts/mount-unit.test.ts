import { describe, expect, it } from 'vitest';
import { loadTemplates } from '../../../../src/cli/support/templates.js';
import { mountGap, renderMountUnit } from '../../../../src/steps/mounts/mount.js';
import { unitName } from '../../../../src/guest/layout.js';

const template = loadTemplates()['gluster.mount'] ?? '';
const input = {
  machine: 'g2',
  volume: 'gv0',
  path: '/opt/local-path-provisioner',
  servers: ['g2', 'g1', 'g3'],
  local: true,
};

describe('renderMountUnit', () => {
  it.each([
    ['local', input],
    ['remote', { ...input, machine: 'w1', servers: ['g1', 'g2', 'g3'], local: false }],
  ])('golden: %s', async (name, mount) => {
    const text = renderMountUnit(template, mount);
    await expect(text).toMatchFileSnapshot(`../../../golden/mounts/${name}.mount`);
  });

  it('mounts from the machine itself first, and waits for glusterd only there', () => {
    const local = renderMountUnit(template, input);
    expect(local).toMatch(/^What=localhost:\/gv0$/m);
    expect(local).toMatch(/^After=network-online.target glusterd.service$/m);
    const remote = renderMountUnit(template, { ...input, servers: ['g1', 'g3'], local: false });
    expect(remote).toMatch(/^What=g1:\/gv0$/m);
    expect(remote).not.toContain('glusterd.service');
  });

  it('has no start limit, and turns off the caches that would show old files', () => {
    const text = renderMountUnit(template, input);
    expect(text).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(text).toMatch(/^Options=\S*backup-volfile-servers=g2:g1:g3\S*$/m);
    for (const option of ['attribute-timeout=0', 'entry-timeout=0', 'negative-timeout=0', '_netdev'])
      expect(text).toMatch(new RegExp(`^Options=(\\S*,)?${option}(,|$)`, 'm'));
  });
});

describe('unitName', () => {
  // Left to right what `systemd-escape --path --suffix=mount` of systemd 252 prints.
  it.each([
    ['/opt/local-path-provisioner', String.raw`opt-local\x2dpath\x2dprovisioner.mount`],
    ['/opt/local-path-provisioner-safe', String.raw`opt-local\x2dpath\x2dprovisioner\x2dsafe.mount`],
    ['/opt/a.b', 'opt-a.b.mount'],
    ['/.hidden', String.raw`\x2ehidden.mount`],
    ['/opt/.x', 'opt-.x.mount'],
    ['/srv/x_y/z-1', String.raw`srv-x_y-z\x2d1.mount`],
    ['/opt/ä', String.raw`opt-\xc3\xa4.mount`],
    ['/opt/a b', String.raw`opt-a\x20b.mount`],
    ['/opt/a:b', 'opt-a:b.mount'],
    ['/data/', 'data.mount'],
    ['/a//b/', 'a-b.mount'],
    ['/', '-.mount'],
  ])('%s is %s', (path, unit) => {
    expect(unitName(path)).toBe(unit);
  });
});

describe('mountGap', () => {
  const words = ['mounted localhost:/gv0', 'enabled', 'sealed', ''];
  const without = (word: string): string => words.filter((one) => !one.startsWith(word)).join('\n');

  it('returns undefined when all words are there, in any order', () => {
    expect(mountGap(words.join('\n'), 'gv0')).toBeUndefined();
    expect(mountGap([...words].reverse().join('\n'), 'gv0')).toBeUndefined();
  });

  it.each([
    ['mounted', 'the volume is not mounted'],
    ['sealed', 'the mount point is writable while nothing is mounted (not immutable)'],
    ['enabled', 'the volume is not mounted at boot'],
  ])('reports that `%s` is missing', (word, gap) => {
    expect(mountGap(without(word), 'gv0')).toBe(gap);
  });

  it('reports another volume, and `unmounted`, as not mounted', () => {
    expect(mountGap(words.join('\n'), 'gv')).toBe('the volume is not mounted');
    expect(mountGap(words.join('\n'), 'v0')).toBe('the volume is not mounted');
    expect(mountGap('unmounted\nenabled\nsealed\n', 'gv0')).toBe('the volume is not mounted');
  });
});
