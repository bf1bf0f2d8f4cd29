import { describe, expect, it } from 'vitest';
import { viewVolumes } from '../../../src/volumes/view.js';
import { claimOf, cluster, directory, directoryName, MOUNT, pv, pvName, surveyed } from './fixtures.js';

const NONE = { withoutClaim: [], withoutPod: [], withoutDirectory: [], directories: [] };

describe('rows', () => {
  it('put together what cluster and volume know', () => {
    const found = cluster([pv(1)], [claimOf(1)], {
      'default/c1': [
        { pod: 'web', node: 'n2' },
        { pod: 'job', node: 'n2' },
      ],
    });
    const { rows, orphans } = viewVolumes(found, [surveyed([directory(directoryName(1), { bytes: 8192 })])]);
    expect(rows).toEqual([
      {
        pv: pvName(1),
        claim: 'default/c1',
        class: 'local-path',
        phase: 'Bound',
        requested: '16Mi',
        bytes: 8192,
        nodes: ['n2'],
        pods: ['web', 'job'],
        volume: 'gv0',
        directory: `${MOUNT}/${directoryName(1)}`,
        dedicated: false,
      },
    ]);
    expect(orphans).toEqual(NONE);
  });

  it('name the claim as the Gluster volume when it has one of its own', () => {
    const path = `${MOUNT}.claims/${directoryName(1)}`;
    const { rows } = viewVolumes(cluster([pv(1, { path })], [claimOf(1)]), [
      surveyed([directory(directoryName(1), { path, dedicated: true })]),
    ]);
    expect(rows[0]).toMatchObject({ volume: pvName(1), dedicated: true });
  });

  it('show the node that a volume is pinned to while no pod runs', () => {
    const { rows } = viewVolumes(cluster([pv(1, { node: 'n3' })], [claimOf(1)]), [
      surveyed([directory(directoryName(1))]),
    ]);
    expect(rows[0]?.nodes).toEqual(['n3']);
  });

  it('leave out volumes that lie on no volume of the lab', () => {
    const foreign = pv(1, { path: '/srv/elsewhere' });
    const beside = pv(2, { path: `${MOUNT}-other/x` });
    const elsewhere = pv(3, { path: undefined });
    expect(viewVolumes(cluster([foreign, beside, elsewhere]), [surveyed([])]).rows).toEqual([]);
  });
});

describe('orphans', () => {
  it('a volume whose claim is gone, whose claim has another volume, and one that never had one', () => {
    const volumes = [pv(1, { phase: 'Released' }), pv(2), pv(3, { phase: 'Available', claim: undefined })];
    const all = surveyed([1, 2, 3].map((digit) => directory(directoryName(digit))));
    const { orphans } = viewVolumes(cluster(volumes, [claimOf(2, { volumeName: pvName(9) })]), [all]);
    expect(orphans).toEqual({ ...NONE, withoutClaim: [pvName(1), pvName(2), pvName(3)] });
  });

  it('a volume whose claim no pod uses', () => {
    const { orphans } = viewVolumes(cluster([pv(1)], [claimOf(1)]), [
      surveyed([directory(directoryName(1))]),
    ]);
    expect(orphans).toEqual({ ...NONE, withoutPod: [pvName(1)] });
  });

  it('a PV whose directory is gone, unless the volume is not mounted', () => {
    const found = cluster([pv(1)], [claimOf(1)], { 'default/c1': [{ pod: 'a', node: 'n' }] });
    expect(viewVolumes(found, [surveyed([])]).orphans).toEqual({ ...NONE, withoutDirectory: [pvName(1)] });
    expect(viewVolumes(found, [surveyed([], { mounted: false })]).orphans).toEqual(NONE);
  });

  it('directories that no volume stands for, with the claim they were made for', () => {
    const all = [directory(directoryName(1, 'lost'), { bytes: 5 }), directory('by hand')];
    expect(viewVolumes(cluster(), [surveyed(all)]).orphans.directories).toEqual([
      { volume: 'gv0', path: `${MOUNT}/${directoryName(1, 'lost')}`, bytes: 5, claim: 'default/lost' },
      { volume: 'gv0', path: `${MOUNT}/by hand`, bytes: 0, claim: undefined },
    ]);
  });

  it('none for a volume in a directory further down, or written with a slash at its end', () => {
    const volumes = [pv(1, { path: `${MOUNT}/team/web` }), pv(2, { path: `${MOUNT}/mysql-pv/` })];
    const uses = { 'default/c1': [{ pod: 'a', node: 'n' }], 'default/c2': [{ pod: 'b', node: 'n' }] };
    const found = cluster(volumes, [claimOf(1), claimOf(2)], uses);
    expect(viewVolumes(found, [surveyed([directory('team'), directory('mysql-pv')])]).orphans).toEqual(NONE);
  });
});
