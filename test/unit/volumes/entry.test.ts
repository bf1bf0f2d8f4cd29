import { describe, expect, it, test } from 'vitest';
import { parseDirectoryName, parseEntry } from '../../../src/volumes/entry.js';

const UID = '68b86097-0c50-4bf6-baf0-0f987cc69983';

test('the name of a directory tells volume, namespace and claim', () => {
  expect(parseDirectoryName(`pvc-${UID}_team-a_data.db-0`)).toEqual({
    pv: `pvc-${UID}`,
    namespace: 'team-a',
    claim: 'data.db-0',
  });
});

test.each([
  'mysql-pv',
  `pvc-${UID}`,
  `pvc-${UID}_default`,
  `pvc-${UID}_default_a_b`,
  `pvc-${UID}_Default_a`,
  `pvc-${UID.slice(1)}_default_a`,
  `x-pvc-${UID}_default_a`,
  '',
])('%j was made by no provisioner', (name) => {
  expect(parseDirectoryName(name)).toBeUndefined();
});

describe('parseEntry', () => {
  it('reads what a helper pod writes', () => {
    const text = '{"version":1,"pv":"pvc-1","path":"/m/pvc-1_a_b","bytes":1048576,"volumeMode":"Filesystem"}';
    expect(parseEntry(text, 'here')).toMatchObject({ pv: 'pvc-1', path: '/m/pvc-1_a_b', bytes: 1_048_576 });
  });

  it.each(['', '{', '[]', 'null', '5', '{"version":1}', '{"version":1,"pv":5,"path":"/x"}'])(
    'takes %j for damaged, not for data',
    (text) => {
      if (text === '[]') return expect(() => parseEntry(text, 'here')).toThrow(/format undefined/);
      expect(parseEntry(text, 'here')).toBeUndefined();
    },
  );

  it('refuses what a newer kglab wrote', () => {
    expect(() => parseEntry('{"version":2,"pv":"x","path":"/x"}', 'the catalogue on volume gv0')).toThrow(
      expect.objectContaining({
        code: 'CATALOGUE_NEWER',
        message: expect.stringMatching(
          /^the catalogue on volume gv0 has format 2; this kglab knows 1/,
        ) as string,
      }) as Error,
    );
  });
});
