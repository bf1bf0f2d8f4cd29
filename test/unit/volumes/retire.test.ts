import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guestScript } from '../../../src/guest/script.js';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import { droppedBetween, obstacles } from '../../../src/volumes/retire.js';
import { labOf } from '../../helpers/step-context.js';
import { claimOf, cluster, directory, pv, pvName, surveyed } from './fixtures.js';

const BEFORE = labOf(
  'gluster: {volumes: [{name: gv0}, {name: old}]}\nstorage: {classes: [{name: a, default: true}, {name: b, volume: old}]}',
);
const AFTER = labOf('gluster: {volumes: [{name: gv0}]}\nstorage: {classes: [{name: a, default: true}]}');

const names = (items: readonly { readonly name: string }[]): string[] => items.map(({ name }) => name);

it('finds what is no longer named', () => {
  const { classes, volumes } = droppedBetween(BEFORE, AFTER);
  expect([names(classes), names(volumes)]).toEqual([['b'], ['old']]);
  expect(droppedBetween(AFTER, BEFORE)).toEqual({ classes: [], volumes: [] });
});

it('finds a class that makes its volumes in another way now', () => {
  const changed = (mode: string) =>
    labOf(`storage: {classes: [{name: a, default: true}, {name: b, mode: ${mode}}]}`);
  expect(names(droppedBetween(changed('shared'), changed('pinned')).classes)).toEqual(['b']);
  expect(names(droppedBetween(changed('pinned'), changed('pinned')).classes)).toEqual([]);
});

describe('obstacles to retiring', () => {
  const dropped = droppedBetween(BEFORE, AFTER);
  const gone = (over = {}) => surveyed([], { volume: 'old', ...over });

  it('are none when a volume is empty', () => {
    expect(obstacles(dropped, cluster([pv(1, { class: 'a' })]), [gone()])).toEqual([]);
  });

  it('are volumes and waiting claims of the class', () => {
    const waiting = claimOf(2, { class: 'b', phase: 'Pending', volumeName: undefined });
    expect(obstacles(dropped, cluster([pv(1, { class: 'b' })], [waiting]), [gone()])).toEqual([
      `class b: PV ${pvName(1)}, claim default/c1 (16Mi)`,
      'class b: claim default/c2 is pending',
    ]);
  });

  it('are directories on the volume, and what was deleted there', () => {
    const item = { name: '1-x', path: '/q', bytes: 0, dedicated: false, entry: undefined };
    expect(
      obstacles(dropped, cluster(), [gone({ directories: [directory('x')], quarantine: [item] })]),
    ).toEqual(['volume old: /opt/local-path-provisioner/x', 'volume old: 1-x in the quarantine']);
  });

  it('are files at the top of the volume', () => {
    expect(obstacles(dropped, cluster(), [gone({ others: ['/m/notes.txt'] })])).toEqual([
      'volume old: /m/notes.txt',
    ]);
  });

  it('include a volume that is not mounted', () => {
    expect(obstacles(dropped, cluster(), [gone({ mounted: false })])).toEqual([
      'volume old: not mounted, so kglab cannot see what it holds',
    ]);
  });
});

describe('forgetting a mount', () => {
  let dir = '';
  const fake = (name: string, script: string): Promise<void> =>
    writeFile(join(dir, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const forget = () =>
    new HostExecutor().exec({
      ...guestScript('mounts.sh', 'forget_mount', join(dir, 'm'), 'no-such.mount', join(dir, 'c')),
      env: { PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` },
    });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kglab-retire-'));
    for (const name of ['bin', 'm', 'c/.kglab']) await mkdir(join(dir, name), { recursive: true });
    for (const name of ['systemctl', 'umount', 'chattr', 'rm']) await fake(name, 'exit 0');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('removes its directories, and leaves one that holds files', async () => {
    await writeFile(join(dir, 'm', 'mine'), '');
    expect((await forget()).exitCode).toBe(0);
    expect((await readdir(dir)).sort()).toEqual(['bin', 'm']);
  });

  it.each([
    ['unit', 'rm', 'the unit of the mount could not be removed: /etc/systemd/system/no-such.mount'],
    ['directory', 'rmdir', 'an empty directory could not be removed: '],
  ])('fails, and names what is left, when its %s cannot be removed', async (_what, program, message) => {
    await fake(program, 'exit 1');
    const { exitCode, stderr } = await forget();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
  });
});
