import { describe, expect, it } from 'vitest';
import { featuresOf, isSupported } from '../../../../src/providers/multipass/features.js';
import {
  parseList,
  parseVersion,
  parseVersions,
  toMachineState,
} from '../../../../src/providers/multipass/parse.js';

/** As Qt writes it: keys sorted, four spaces, empty arrays on two lines. */
const QT = `{
    "list": [
        {
            "ipv4": [
                "10.1.2.3",
                "10.42.0.1"
            ],
            "name": "a",
            "release": "Ubuntu 24.04 LTS",
            "state": "Running"
        },
        {
            "ipv4": [
            ],
            "name": "b",
            "release": "Not Available",
            "state": "Deleted"
        }
    ]
}
`;
const BOOST =
  '{"list":[{"name":"a","state":"Running","ipv4":["10.1.2.3"],"release":"Ubuntu 24.04 LTS","zone":{"name":"zone1","available":true}}]}\n';
const SPINNER = '\u001b[2K\u001b[0A\u001b[0EStarting a  \b/\b-\b \u001b[2K\u001b[0A\u001b[0E';

describe('parseList', () => {
  it('reads what 1.12 to 1.16 print', () => {
    expect(parseList(QT)).toEqual([
      { name: 'a', state: 'Running', addresses: ['10.1.2.3', '10.42.0.1'], zone: undefined },
      { name: 'b', state: 'Deleted', addresses: [], zone: undefined },
    ]);
  });

  it('reads what 1.17 prints', () => {
    expect(parseList(BOOST)).toEqual([
      { name: 'a', state: 'Running', addresses: ['10.1.2.3'], zone: 'zone1' },
    ]);
  });

  it('ignores a spinner around the JSON, and values that are not addresses', () => {
    expect(parseList(`${SPINNER}${BOOST.replace('10.1.2.3', 'N/A')}${SPINNER}`)[0]?.addresses).toEqual([]);
  });

  it('reads that there is none', () => {
    expect(parseList('{\n    "list": [\n    ]\n}\n')).toEqual([]);
  });
});

describe('toMachineState', () => {
  it.each([
    ['Running', 'running'],
    ['Stopped', 'stopped'],
    ['Suspended', 'stopped'],
    ['Deleted', 'stopped'],
    ['Starting', 'unknown'],
    ['Restarting', 'unknown'],
    ['Suspending', 'unknown'],
    ['Delayed Shutdown', 'unknown'],
    ['Unknown', 'unknown'],
    ['Unavailable', 'unknown'],
  ])('%s is %s', (state, known) => expect(toMachineState(state)).toBe(known));
});

describe('versions', () => {
  it('reads both, and the absence of the daemon', () => {
    expect(parseVersions('{"multipass":"1.16.3","multipassd":"1.16.3","update":{}}')).toEqual({
      client: '1.16.3',
      daemon: '1.16.3',
    });
    expect(parseVersions('{\n    "multipass": "1.14.1"\n}\n').daemon).toBeUndefined();
  });

  it.each([
    ['1.16.3+mac', 1, 16],
    ['1.17.0-dev.123+gabcdef', 1, 17],
    ['1.12.2', 1, 12],
  ])('%s', (text, major, minor) => expect(parseVersion(text)).toEqual({ major, minor }));

  it('knows no version in other texts', () => expect(parseVersion('snap')).toBeUndefined());
});

describe('featuresOf', () => {
  const names = (version: string, driver = 'qemu'): string =>
    Object.entries(featuresOf(version, driver))
      .filter(([, has]) => has)
      .map(([name]) => name)
      .join(' ');

  it.each([
    ['1.12.2', ''],
    ['1.13.1', 'snapshots'],
    ['1.14.1', 'forceStop snapshots'],
    ['1.15.1', 'forceStop snapshots clone'],
    ['1.16.3+win', 'forceStop snapshots clone'],
    ['1.17.0', 'forceStop snapshots clone zones'],
    ['2.0.0', 'forceStop snapshots clone zones'],
  ])('%s has %s', (version, features) => expect(names(version)).toBe(features));

  it('knows drivers without snapshots', () => {
    expect(names('1.16.3', 'lxd')).toBe('forceStop');
    expect(names('1.17.0', 'applevz')).toBe('forceStop zones');
  });

  it.each([
    ['1.11.1', false],
    ['1.12.0', true],
    ['1.17.0', true],
    ['2.0.0', true],
    ['?', false],
  ])('%s is supported: %s', (version, supported) => expect(isSupported(version)).toBe(supported));
});
