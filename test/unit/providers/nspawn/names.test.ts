import { describe, expect, it } from 'vitest';
import {
  bridgeMac,
  bridgeName,
  groupName,
  machineId,
  nspawnName,
  tableName,
  vethName,
} from '../../../../src/providers/nspawn/names.js';

const lab = { name: 'a-lab-with-a-rather-long-name', id: '60266e6c24b3' };
const long = `${lab.name}-${'n'.repeat(33)}`;

describe('names on the host', () => {
  it('fit into an interface name, however long those of lab and machine are', () => {
    expect(bridgeName(lab)).toMatch(/^kg-alabw-[0-9a-f]{6}$/);
    expect(bridgeName(lab)).toHaveLength(15);
    expect(vethName(lab, long)).toHaveLength(15);
    expect(vethName(lab, long)).toBe(`vb-${nspawnName(lab, long)}`);
  });

  it('differ between machines and between labs of one name', () => {
    const other = { ...lab, id: 'another' };
    expect(
      new Set(
        ['node1', 'node2', 'nodenode1', 'nodenode2'].map((node) => vethName(lab, `${lab.name}-${node}`)),
      ).size,
    ).toBe(4);
    for (const name of [bridgeName, tableName, bridgeMac]) expect(name(lab)).not.toBe(name(other));
    for (const name of [vethName, groupName, machineId]) expect(name(lab, long)).not.toBe(name(other, long));
  });

  it('are valid where they are used', () => {
    expect(tableName(lab)).toMatch(/^kglab_[a-z0-9]+_[0-9a-f]{6}$/);
    expect(bridgeMac(lab)).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(machineId(lab, long)).toMatch(/^[0-9a-f]{32}$/);
    expect(groupName(lab, long)).toMatch(/^[\w.-]+$/);
  });
});
