import { describe, expect, it } from 'vitest';
import { formatRange } from '../../../../src/util/subnet.js';
import { hasDefaultRoute, parseLinks, parseRoutes } from '../../../../src/providers/nspawn/ip-json.js';

const LINKS = JSON.stringify([
  {
    ifname: 'lo',
    flags: ['LOOPBACK', 'UP', 'LOWER_UP'],
    addr_info: [
      { family: 'inet', local: '127.0.0.1', prefixlen: 8 },
      { family: 'inet6', local: '::1', prefixlen: 128 },
    ],
  },
  {},
  {
    ifname: 'kg-demo-1f3a9c',
    flags: ['BROADCAST', 'MULTICAST'],
    linkinfo: { info_kind: 'bridge' },
    ifalias: 'kglab:1',
    addr_info: [{}],
  },
  { ifname: 'vb-x', master: 'kg-demo-1f3a9c', flags: ['UP'] },
]);

const ROUTES = JSON.stringify([
  { dst: 'default', gateway: '192.168.1.1', dev: 'eth0', flags: [] },
  { dst: '10.73.217.0/24', dev: 'kg-demo-1f3a9c', protocol: 'kernel' },
  { type: 'local', dst: '192.168.1.2', dev: 'eth0', table: 'local' },
  { type: 'unreachable', dst: '10.9.0.0/16' },
]);

describe('parseLinks', () => {
  it('reads names, marks, kinds, ports and IPv4 addresses', () => {
    expect(parseLinks(LINKS)).toEqual([
      {
        name: 'lo',
        bridge: undefined,
        alias: undefined,
        kind: undefined,
        up: true,
        addresses: ['127.0.0.1/8'],
      },
      {
        name: 'kg-demo-1f3a9c',
        bridge: undefined,
        alias: 'kglab:1',
        kind: 'bridge',
        up: false,
        addresses: [],
      },
      { name: 'vb-x', bridge: 'kg-demo-1f3a9c', alias: undefined, kind: undefined, up: true, addresses: [] },
    ]);
  });

  it('returns an empty list for empty output', () => {
    expect(parseLinks('')).toEqual([]);
    expect(parseRoutes('\n')).toEqual([]);
  });
});

describe('parseRoutes', () => {
  it('names every range that is reached, and by what, but not the default route', () => {
    expect(parseRoutes(ROUTES).map(({ range, by }) => `${formatRange(range)}: ${by}`)).toEqual([
      '10.73.217.0/24: 10.73.217.0/24 on kg-demo-1f3a9c',
      '192.168.1.2/32: 192.168.1.2 on eth0',
      '10.9.0.0/16: route 10.9.0.0/16',
    ]);
  });
});

describe('hasDefaultRoute', () => {
  it('looks into the main table only', () => {
    expect(hasDefaultRoute(ROUTES)).toBe(true);
    expect(hasDefaultRoute(JSON.stringify([{ dst: 'default', dev: 'tun0', table: '51820' }]))).toBe(false);
    expect(hasDefaultRoute('[]')).toBe(false);
  });
});
