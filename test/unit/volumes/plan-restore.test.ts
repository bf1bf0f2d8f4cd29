import { describe, expect, it } from 'vitest';
import { inventory, stillKept } from '../../../src/volumes/inventory.js';
import { planRestore, quantity } from '../../../src/volumes/plan-restore.js';
import type { Entry } from '../../../src/volumes/entry.js';
import { labOf } from '../../helpers/step-context.js';
import { claimOf, cluster, directory, directoryName, MOUNT, pv, pvName, surveyed } from './fixtures.js';

const LAB = labOf(`
gluster: {volumes: [{name: gv0}, {name: archive}]}
storage:
  classes:
    - {name: stock, mode: pinned}
    - {name: local-path, default: true}
    - {name: own, mode: dedicated}
`);

const entry = (digit: number, over: Partial<Entry> = {}): Entry => ({
  version: 1,
  pv: pvName(digit),
  path: `${MOUNT}/${directoryName(digit)}`,
  namespace: 'default',
  claim: `c${digit}`,
  capacity: '128Mi',
  accessModes: ['ReadWriteOnce'],
  class: 'ssd',
  volumeMode: 'Filesystem',
  ...over,
});

const kept = (...digits: number[]) =>
  inventory([
    surveyed(
      digits.map((digit) => directory(directoryName(digit))),
      { entries: digits.map((digit) => entry(digit)) },
    ),
  ]);

it('uses the entry of an existing PV, else the newest', () => {
  const path = `${MOUNT}/data`;
  const entries = [
    entry(1, { path, created: '2026-01-01T00:00:00Z' }),
    entry(2, { path: `${path}/`, created: '2026-03-01T00:00:00Z' }),
    entry(3, { path, created: '2026-02-01T00:00:00Z' }),
  ];
  const found = (live?: readonly string[]) =>
    inventory([surveyed([directory('data')], { entries })], live).map(({ id }) => id);
  expect(found()).toEqual(['default/c2']);
  expect(found([pvName(3), pvName(9)])).toEqual(['default/c3']);
});

const plan = (found = kept(1), there = cluster(), chosen: readonly string[] = []) =>
  planRestore(found, there, LAB, chosen, { capacity: '1Gi' });

describe('what the catalogue knows', () => {
  it('comes back as it was', () => {
    expect(plan().restore).toEqual([
      {
        pv: pvName(1),
        path: `${MOUNT}/${directoryName(1)}`,
        namespace: 'default',
        claim: 'c1',
        capacity: '128Mi',
        accessModes: ['ReadWriteOnce'],
        class: 'ssd',
        volumeMode: 'Filesystem',
        volumeType: 'hostPath',
        node: undefined,
      },
    ]);
    expect(plan().guessed).toEqual([]);
  });

  it('comes back pinned to its node', () => {
    const found = inventory([
      surveyed([directory(directoryName(1))], { entries: [entry(1, { node: 'n2', volumeType: 'local' })] }),
    ]);
    expect(plan(found).restore[0]).toMatchObject({ node: 'n2', volumeType: 'local' });
  });

  it('is not made up for a directory that is gone', () => {
    expect(plan(inventory([surveyed([], { entries: [entry(1)] })])).restore).toEqual([]);
  });
});

describe('when only the directory is left', () => {
  it('guesses size, mode and class, and says so', () => {
    const { restore, guessed } = plan(inventory([surveyed([directory(directoryName(1))])]));
    expect(restore).toMatchObject([
      {
        namespace: 'default',
        claim: 'c1',
        capacity: '1Gi',
        accessModes: ['ReadWriteMany'],
        class: 'local-path',
      },
    ]);
    expect(guessed).toEqual(['default/c1']);
  });

  it('the size that the helper pod has noted is kept', () => {
    const noted = {
      version: 1,
      pv: pvName(1),
      path: `${MOUNT}/${directoryName(1)}`,
      bytes: 16 * 1024 * 1024,
    };
    const found = inventory([surveyed([directory(directoryName(1))], { entries: [noted] })]);
    expect(plan(found).restore[0]?.capacity).toBe('16Mi');
  });

  it('a dedicated volume gets a dedicated class', () => {
    const path = `${MOUNT}.claims/${directoryName(1)}`;
    const found = inventory([surveyed([directory(directoryName(1), { path, dedicated: true })])]);
    expect(plan(found).restore[0]?.class).toBe('own');
  });

  it('a directory whose name says nothing is left alone', () => {
    expect(inventory([surveyed([directory('by hand')])])).toEqual([]);
  });
});

describe('what is in the way', () => {
  it('nothing when the claim is bound to its PV', () => {
    expect(plan(kept(1), cluster([pv(1)], [claimOf(1)]))).toMatchObject({
      restore: [],
      there: ['default/c1'],
      conflicts: [],
    });
  });

  it('a claim of that name with another PV', () => {
    const there = cluster([], [claimOf(1, { volumeName: pvName(9) })]);
    expect(plan(kept(1), there)).toMatchObject({
      restore: [],
      conflicts: [`claim default/c1 exists and has another PV, ${pvName(9)}`],
    });
  });

  it('a claim that has no PV yet', () => {
    const there = cluster([], [claimOf(1, { volumeName: undefined, phase: 'Pending' })]);
    expect(plan(kept(1), there).conflicts).toEqual([
      expect.stringMatching(/^claim default\/c1 exists but has no PV yet/),
    ]);
  });

  it('a claim that is being deleted', () => {
    const there = cluster([pv(1)], [claimOf(1, { phase: 'Terminating' })]);
    expect(plan(kept(1), there).conflicts).toEqual(['claim default/c1 is being deleted']);
  });

  it('a PV of that name that belongs to another claim', () => {
    expect(plan(kept(1), cluster([pv(1, { claim: 'other/x' })])).conflicts).toEqual([
      `PV ${pvName(1)} exists and belongs to claim other/x`,
    ]);
  });

  it.each(['Released', 'Terminating'])('a PV that is %s and has the reclaim policy Delete', (phase) => {
    const there = cluster([pv(1, { phase, reclaim: 'Delete' })]);
    expect(plan(kept(1), there).conflicts).toEqual([
      expect.stringMatching(/^PV \S+ of claim default\/c1 is being deleted/),
    ]);
    expect(plan(kept(1), cluster([pv(1, { phase, reclaim: 'Retain' })])).conflicts).toEqual([]);
  });

  it('two directories of one claim: the user has to choose', () => {
    const twice = inventory([surveyed([directory(directoryName(1, 'a')), directory(directoryName(2, 'a'))])]);
    expect(plan(twice).conflicts).toEqual([
      expect.stringMatching(/^there are 2 directories of claim default\/a: /),
    ]);
    expect(plan(twice, cluster(), [pvName(2)])).toMatchObject({
      restore: [{ pv: pvName(2) }],
      conflicts: [],
    });
  });

  it('not the data of an earlier claim of the same name when all is restored', () => {
    const entries = [
      entry(1, { claim: 'a', created: '2026-02-01T00:00:00Z' }),
      entry(2, { claim: 'a', created: '2026-01-01T00:00:00Z' }),
    ];
    const twice = inventory([
      surveyed([directory(directoryName(1)), directory(directoryName(2)), directory(directoryName(3))], {
        entries,
      }),
    ]);
    const { restore, conflicts, left } = plan(twice);
    expect([restore.map(({ pv: name }) => name), conflicts]).toEqual([[pvName(1), pvName(3)], []]);
    expect(left).toEqual([
      `not restored: ${MOUNT}/${directoryName(2)}, from an earlier claim default/a. The data of ${pvName(1)} is newer.`,
    ]);
    // What the claim has counts, whatever else is there.
    const there = cluster([pv(2)], [claimOf(2, { id: 'default/a', name: 'a' })]);
    expect(plan(twice, there)).toMatchObject({
      restore: [{ pv: pvName(3) }],
      there: ['default/a'],
      conflicts: [],
    });
    expect(plan(twice, cluster(), ['default/a']).conflicts).toHaveLength(1);
  });

  it('a name that has no data', () => {
    expect(plan(kept(1), cluster(), ['default/c1', 'default/nix'])).toMatchObject({
      restore: [{ claim: 'c1' }],
      conflicts: ['there is no data of default/nix on the volumes'],
    });
  });

  it('a volume that was released is no obstacle: it is meant for the same claim', () => {
    expect(plan(kept(1), cluster([pv(1, { phase: 'Released', reclaim: 'Retain' })]))).toMatchObject({
      restore: [{ pv: pvName(1) }],
      conflicts: [],
    });
  });
});

it('restores only the chosen claims', () => {
  expect(plan(kept(1, 2, 3), cluster(), ['default/c2']).restore.map(({ claim }) => claim)).toEqual(['c2']);
});

it.each([
  [1024 * 1024, '1Mi'],
  [3 * 1024 ** 3, '3072Mi'],
  [1000, '1000'],
])('%i bytes are %s', (bytes, text) => {
  expect(quantity(bytes)).toBe(text);
});

describe('data that disappears during the survey', () => {
  it('is not restored', () => {
    const [before, after] = [cluster([pv(1), pv(2)]), cluster([pv(2), pv(3)])];
    const names = stillKept(kept(1, 2, 3, 4), before, after).map(({ entry: { pv: name } }) => name);
    expect(names).toEqual([pvName(2), pvName(3), pvName(4)]);
  });
});
