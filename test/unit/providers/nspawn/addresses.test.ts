import { describe, expect, it } from 'vitest';
import { formatRange, machineRoom } from '../../../../src/util/subnet.js';
import {
  assignAddresses,
  chooseRange,
  findTaken,
  gatewayOf,
  prefixOf,
  toRange,
  type TakenRange,
} from '../../../../src/providers/nspawn/addresses.js';

const taken = (...ranges: string[]): TakenRange[] =>
  ranges.map((range) => ({ range: toRange(range), by: range }));

describe('chooseRange', () => {
  it('gives the same range for the same lab, in 10.64.0.0/10', () => {
    expect(formatRange(chooseRange('00000000', []))).toBe('10.64.0.0/24');
    expect(formatRange(chooseRange('00003fff', []))).toBe('10.127.255.0/24');
    expect(chooseRange('1a2b3c4d', [])).toEqual(chooseRange('1a2b3c4d', []));
  });

  it('goes on to the next free one, over the end too', () => {
    expect(formatRange(chooseRange('00000000', taken('10.64.0.128/25', '10.64.0.0/23')))).toBe(
      '10.64.2.0/24',
    );
    expect(formatRange(chooseRange('00003fff', taken('10.127.255.7/32')))).toBe('10.64.0.0/24');
  });

  it('says so when everything is taken', () => {
    expect(() => chooseRange('0', taken('10.0.0.0/8'))).toThrow('No range in 10.64.0.0/10');
  });
});

describe('assignAddresses', () => {
  const subnet = toRange('10.77.0.0/24');

  it('counts from .11 in node order', () => {
    const addresses = assignAddresses(['a', 'b'], new Map(), subnet);
    expect([...addresses]).toEqual([
      ['a', '10.77.0.11'],
      ['b', '10.77.0.12'],
    ]);
  });

  it('does not depend on which machine is made first', () => {
    const whole = assignAddresses(['a', 'b', 'c'], new Map(), subnet);
    const later = assignAddresses(['a', 'b', 'c'], new Map([['c', '10.77.0.13']]), subnet);
    expect(later.get('b')).toBe(whole.get('b'));
  });

  it('leaves machines the addresses they have, and gives nobody a used one', () => {
    const addresses = assignAddresses(['new', 'old'], new Map([['old', '10.77.0.11']]), subnet);
    expect(addresses.get('old')).toBe('10.77.0.11');
    expect(addresses.get('new')).toBe('10.77.0.12');
  });

  it('goes on below .11 when the top is used up, and gives all the addresses that `plan` counts', () => {
    const small = toRange('10.77.0.0/28');
    const machines = Array.from({ length: machineRoom(small) }, (_none, index) => `m${index}`);
    const addresses = [...assignAddresses(machines, new Map(), small).values()];
    expect(addresses.slice(0, 5)).toEqual([11, 12, 13, 14, 2].map((host) => `10.77.0.${host}`));
    expect(new Set(addresses).size).toBe(13);
    // Neither the network's own address, nor the gateway's, nor the one for broadcasts.
    for (const host of [0, 1, 15]) expect(addresses).not.toContain(`10.77.0.${host}`);
    expect(() => assignAddresses([...machines, 'more'], new Map(), small)).toThrow('too few addresses');
  });
});

describe('ranges', () => {
  it('names the gateway and the prefix', () => {
    expect(gatewayOf(toRange('10.77.3.0/24'))).toBe('10.77.3.1');
    expect(prefixOf(toRange('10.77.0.0/20'))).toBe(20);
  });

  it('finds a range that overlaps', () => {
    expect(findTaken(toRange('10.1.0.0/24'), taken('10.2.0.0/16', '10.0.0.0/15'))?.by).toBe('10.0.0.0/15');
    expect(findTaken(toRange('10.1.0.0/24'), taken('10.1.1.0/24'))).toBeUndefined();
  });

  it('refuses what is no range', () => {
    expect(() => toRange('10.77.0.0')).toThrow('not an IPv4 range');
  });
});
