import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../../src/exec/command.js';
import { guestScript } from '../../../src/guest/script.js';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import type { WholeEntry } from '../../../src/volumes/manifests.js';
import {
  deleteDirectory,
  deleteVolume,
  giveBack,
  purge,
  stillIn,
  type VolumesContext,
} from '../../../src/volumes/quarantine.js';
import { inventory } from '../../../src/volumes/inventory.js';
import { restoreVolumes } from '../../../src/volumes/restore.js';
import { failureOf, Stage } from '../../helpers/step-context.js';
import { claimOf, cluster, directory, directoryName, MOUNT, pv, pvName, surveyed } from './fixtures.js';

const ENTRY: WholeEntry = {
  pv: pvName(1),
  path: `${MOUNT}/${directoryName(1)}`,
  namespace: 'team',
  claim: 'c1',
  capacity: '1Gi',
  accessModes: ['ReadWriteMany'],
  class: 'local-path',
  volumeMode: 'Filesystem',
  volumeType: 'hostPath',
  node: undefined,
};

let stage: Stage;
let desk: VolumesContext;
const list = (...items: object[]): string => JSON.stringify({ kind: 'List', items });
const kubectlCalls = (): readonly string[] =>
  stage.ran('g1').flatMap((words) => (words.startsWith('k3s kubectl get') ? [] : [words.slice(0, 80)]));
const applied = (): readonly string[][] =>
  stage.calls
    .filter(({ command }) => command.args.includes('-f'))
    .map(({ command }) => [
      command.args.find((word) => word === 'apply' || word === 'create') ?? '',
      ...(JSON.parse(command.stdin ?? '') as { items: { kind: string }[] }).items.map(({ kind }) => kind),
    ]);

beforeEach(() => {
  stage = new Stage();
  desk = { context: stage.context(), server: 'g1', gluster: 'g1' };
  stage.on('g1').on(/kubectl (apply|create|patch|delete|-n)/);
});

const volumeObject = { kind: 'PersistentVolume', metadata: { name: pvName(1) }, spec: {} };
const boundObject = {
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c1', namespace: 'team' },
  spec: { volumeName: pvName(1) },
  status: { phase: 'Bound' },
};

describe('restoring', () => {
  it('makes namespace, volume and claim, in this order', async () => {
    stage
      .on('g1')
      .on(/kubectl get namespaces/, list())
      .on(/kubectl get persistentvolumes/, list(), list(boundObject));
    await restoreVolumes([ENTRY], desk.context, 'g1');
    expect(applied()).toEqual([
      ['apply', 'Namespace'],
      ['apply', 'PersistentVolume'],
      // Applied, it could not be applied by its owner any more, who does not name a volume.
      ['create', 'PersistentVolumeClaim'],
    ]);
  });

  it('frees a volume that is there instead of making it anew', async () => {
    const there = list(volumeObject);
    stage
      .on('g1')
      .on(/kubectl get namespaces/, list({ kind: 'Namespace', metadata: { name: 'team' } }))
      .on(/kubectl get persistentvolumes/, there, list(boundObject));
    await restoreVolumes([ENTRY], desk.context, 'g1');
    expect(applied()).toEqual([['create', 'PersistentVolumeClaim']]);
    expect(kubectlCalls()[0]).toContain(`patch pv ${pvName(1)}`);
    const patch = stage.calls.flatMap(({ command: { args } }) =>
      args.includes('patch') ? args.slice(-1) : [],
    );
    expect(JSON.parse(patch[0] ?? '')).toMatchObject({
      // Also one that was meant for nobody is now meant for this claim.
      spec: { claimRef: { kind: 'PersistentVolumeClaim', namespace: 'team', name: 'c1', uid: null } },
    });
  });

  it('leaves a claim that waits for this volume as it is', async () => {
    stage
      .on('g1')
      .on(/kubectl get namespaces/, list({ kind: 'Namespace', metadata: { name: 'team' } }))
      .on(
        /kubectl get persistentvolumes/,
        list({ ...boundObject, status: { phase: 'Lost' } }),
        list(boundObject),
      );
    await restoreVolumes([ENTRY], desk.context, 'g1');
    expect(applied()).toEqual([['apply', 'PersistentVolume']]);
  });

  it('says which claims do not come back', async () => {
    stage
      .on('g1')
      .on(/kubectl get namespaces/, list())
      .on(/kubectl get persistentvolumes/, list());
    const failure = failureOf(restoreVolumes([ENTRY], desk.context, 'g1'));
    await stage.clock.advance(130_000);
    expect(await failure).toMatchObject({ code: 'VOLUME_FAILED', details: ['team/c1'] });
  });

  it('does nothing without entries', async () => {
    await restoreVolumes([], desk.context, 'g1');
    expect(stage.calls).toEqual([]);
  });
});

describe('deleting', () => {
  const on = surveyed([directory(directoryName(1))]);
  const [kept] = inventory([on]);

  it('retains the PV, then deletes claim, moves data, deletes PV', async () => {
    stage.on('g1').on(/^sh take /);
    if (kept) await deleteVolume(kept, cluster([pv(1)], [claimOf(1)]), on, desk);
    const steps = stage.ran('g1').map((words) => /patch pv|delete pvc|delete pv|sh take/.exec(words)?.[0]);
    expect(steps).toEqual(['patch pv', 'delete pvc', 'sh take', 'delete pv']);
    const take = stage.calls.find(({ command }) => command.stdin !== undefined)?.command as Command;
    expect(JSON.parse(take.stdin ?? '')).toMatchObject({ pv: pvName(1), claim: 'c1' });
    expect(take.args.slice(3)).toEqual([
      `${MOUNT}/${directoryName(1)}`,
      `${MOUNT}/.kglab/quarantine/0-${directoryName(1)}`,
      `${MOUNT}/.kglab/catalogue/${pvName(1)}.json`,
    ]);
  });

  it('does not touch what pods use', async () => {
    const used = cluster([pv(1)], [claimOf(1)], { 'default/c1': [{ pod: 'web', node: undefined }] });
    expect(await failureOf(kept ? deleteVolume(kept, used, on, desk) : Promise.resolve())).toMatchObject({
      code: 'VOLUME_IN_USE',
      message: 'Pods use claim default/c1: web.',
    });
    expect(stage.calls).toEqual([]);
  });

  it('does not touch a directory that another PV uses', async () => {
    for (const path of [`${MOUNT}/${directoryName(1)}/`, `${MOUNT}/${directoryName(1)}/deep`]) {
      const shared = cluster([pv(1), pv(2, { path })], [claimOf(1)]);
      const failure = await failureOf(kept ? deleteVolume(kept, shared, on, desk) : Promise.resolve());
      expect(failure).toMatchObject({ code: 'VOLUME_IN_USE' });
    }
    expect(stage.calls).toEqual([]);
  });

  it('does not touch a directory that contains the directory of a PV', async () => {
    const there = cluster([pv(1, { path: `${MOUNT}/team/web`, claim: undefined })]);
    const failure = await failureOf(deleteDirectory(directory('team'), there, on, desk));
    expect(failure).toMatchObject({ code: 'VOLUME_IN_USE' });
    expect(stage.calls).toEqual([]);
  });
});

describe('the quarantine', () => {
  const item = {
    name: `1795220046-${directoryName(1)}`,
    path: '/q/x',
    bytes: 0,
    dedicated: false,
    entry: undefined,
  };

  it('moves data back to where it was', async () => {
    stage.on('g1').on(/^sh give_back /);
    await giveBack(item, surveyed([]), desk);
    expect(stage.calls[0]?.command.args.slice(3, 6)).toEqual([
      '/q/x',
      `${MOUNT}/${directoryName(1)}`,
      `${MOUNT}/.kglab/catalogue/${pvName(1)}.json`,
    ]);
  });

  it('refuses to overwrite an existing directory', async () => {
    const failure = await failureOf(giveBack(item, surveyed([directory(directoryName(1))]), desk));
    expect(failure).toMatchObject({ code: 'VOLUME_EXISTS' });
    expect(stage.calls).toEqual([]);
  });

  it('does not purge what was restored in the meantime', () => {
    const other = { ...item, name: 'other', path: '/q/other' };
    expect(stillIn([item, other], [surveyed([], { quarantine: [other] }), surveyed([])])).toEqual([other]);
  });

  it('purges a dedicated volume with its bricks, and no other brick', async () => {
    const info = `<cliOutput><opRet>0</opRet><volInfo><volumes><volume><name>${pvName(1)}</name><statusStr>Stopped</statusStr><bricks>
      <brick><name>g2:/data/.claims/${pvName(1)}</name></brick><brick><name>g3:/data/gv0</name></brick></bricks></volume></volumes></volInfo></cliOutput>`;
    stage
      .on('g1')
      .on(/volume info/, info)
      .on(/volume delete/, '<cliOutput><opRet>0</opRet></cliOutput>')
      .on(/rm -rf/);
    stage.on('g2').on(/rm -rf/);
    await purge({ ...item, dedicated: true }, desk);
    expect(stage.ran('g2')).toEqual([`rm -rf -- /data/.claims/${pvName(1)}`]);
    expect(stage.ran('g3')).toEqual([]);
    expect(stage.ran('g1').at(-1)).toBe('rm -rf -- /q/x');
  });

  it('says which brick could not be removed, and leaves volume and entry for the next try', async () => {
    const info = `<cliOutput><opRet>0</opRet><volInfo><volumes><volume><name>${pvName(1)}</name><statusStr>Started</statusStr><bricks>
      <brick><name>g2:/data/.claims/${pvName(1)}</name></brick></bricks></volume></volumes></volInfo></cliOutput>`;
    stage
      .on('g1')
      .on(/volume info/, info)
      .on(/volume stop/, '<cliOutput><opRet>0</opRet></cliOutput>');
    stage.on('g2').on(/rm -rf/, { exitCode: 1, stderr: 'rm: cannot remove: Read-only file system' });
    const failure = await failureOf(purge({ ...item, dedicated: true }, desk));
    expect(failure).toMatchObject({
      code: 'VOLUME_FAILED',
      message: `Removing brick g2:/data/.claims/${pvName(1)} of ${pvName(1)} ended with exit code 1`,
      details: ['rm: cannot remove: Read-only file system'],
      hint: expect.stringContaining('run `kglab volumes purge` again') as string,
    });
    expect(stage.ran('g1').filter((words) => /volume delete|rm -rf/.test(words))).toEqual([]);
  });

  it('does not remove bricks of a volume that could not be stopped', async () => {
    const info = `<cliOutput><opRet>0</opRet><volInfo><volumes><volume><name>${pvName(1)}</name><statusStr>Started</statusStr><bricks>
      <brick><name>g2:/data/.claims/${pvName(1)}</name></brick></bricks></volume></volumes></volInfo></cliOutput>`;
    stage
      .on('g1')
      .on(/volume info/, info)
      .on(/volume stop/, '<cliOutput><opRet>-1</opRet><opErrstr>quorum is lost</opErrstr></cliOutput>');
    expect(await failureOf(purge({ ...item, dedicated: true }, desk))).toMatchObject({
      code: 'GLUSTER_FAILED',
    });
    expect(stage.ran('g2')).toEqual([]);
  });

  it('says where the rest of an item is that could not be destroyed', async () => {
    stage.on('g1').on(/rm -rf/, { exitCode: 1, stderr: "rm: cannot remove '/q/x/data/f'" });
    expect(await failureOf(purge(item, desk))).toMatchObject({
      code: 'VOLUME_FAILED',
      message: `Purging ${item.name} ended with exit code 1`,
      details: ["rm: cannot remove '/q/x/data/f'"],
      hint: expect.stringContaining('still in the quarantine') as string,
    });
  });
});

describe('the scripts of the quarantine', () => {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kglab-quarantine-'));
    await mkdir(join(dir, 'bin'));
    await mkdir(join(dir, 'claim'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** Runs a script with a program in front that fails for this word. */
  const failing = async (program: string, word: string, script: string, ...args: string[]) => {
    const path = join(dir, 'bin', program);
    const text = `#!/bin/sh\ncase "$*" in *${word}*) echo "${program}: no" >&2; exit 1 ;; esac\nexec /bin/${program} "$@"\n`;
    await writeFile(path, text, { mode: 0o755 });
    const env = { PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` };
    return new HostExecutor().exec({ ...guestScript('volumes.sh', script, ...args), env, stdin: '{}' });
  };
  const claim = () => join(dir, 'claim');
  const place = () => join(dir, 'q', '1-claim');

  it('leave a directory that cannot be moved in its place, and nothing in the quarantine', async () => {
    const result = await failing('mv', '/data', 'take', claim(), place(), join(dir, 'entry'));
    expect(result).toMatchObject({ exitCode: 1, stderr: `mv: no\n${claim()} is still in its place\n` });
    expect(await readdir(join(dir, 'q'))).toEqual([]);
  });

  it('name the catalogue entry that cannot be removed', async () => {
    const entry = join(dir, 'entry');
    const result = await failing('rm', '/entry', 'take', claim(), place(), entry);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(
      `was moved to the quarantine, but its catalogue entry could not be removed: ${entry}`,
    );
    expect((await readdir(place())).sort()).toEqual(['data', 'manifest.json']);
  });

  it('say where the data is when it cannot be given back, and when its remains cannot be removed', async () => {
    await mkdir(join(place(), 'data'), { recursive: true });
    const to = join(dir, 'back');
    const args = [place(), to, join(dir, 'c', 'entry'), join(dir, 'volumes')];
    const kept = await failing('mv', '/data', 'give_back', ...args);
    expect(kept).toMatchObject({ exitCode: 1, stderr: `mv: no\n${place()} is still in the quarantine\n` });
    await rm(join(dir, 'bin', 'mv'));
    const back = await failing('rm', '/q/', 'give_back', ...args);
    expect(back.exitCode).toBe(1);
    expect(back.stderr).toContain(
      `${to} is restored, but the old folder in the quarantine could not be removed: ${place()}`,
    );
  });
});
