import { expect, test } from 'vitest';
import { parseSurvey } from '../../../src/volumes/survey.js';

const VOLUME = { volume: 'gv0', mount: '/m', claims: '/m.claims' };

test('directories, volumes of single claims, entries and the quarantine', () => {
  const text = `D 4096 pvc-1_default_a
D 0 a name with  blanks
C 8192 pvc-2_default_b
E {"version":1,"pv":"pvc-1","path":"/m/pvc-1_default_a"}
E damaged
Q 12 d 1795220046-pvc-3_default_c/{"version":1,"pv":"pvc-3","path":"/m/pvc-3_default_c"}
Q 0 v 1795220048-pvc-4_default_d/
`;
  const found = parseSurvey(text, VOLUME);
  expect(found.mounted).toBe(true);
  expect(found.directories).toEqual([
    { name: 'pvc-1_default_a', path: '/m/pvc-1_default_a', bytes: 4096, dedicated: false },
    { name: 'a name with  blanks', path: '/m/a name with  blanks', bytes: 0, dedicated: false },
    { name: 'pvc-2_default_b', path: '/m.claims/pvc-2_default_b', bytes: 8192, dedicated: true },
  ]);
  expect(found.entries).toEqual([{ version: 1, pv: 'pvc-1', path: '/m/pvc-1_default_a' }]);
  expect(found.quarantine).toMatchObject([
    { name: '1795220046-pvc-3_default_c', bytes: 12, dedicated: false, entry: { pv: 'pvc-3' } },
    { name: '1795220048-pvc-4_default_d', bytes: 0, dedicated: true, entry: undefined },
  ]);
});

test('a volume that is not mounted is known as such, and empty', () => {
  expect(parseSurvey('unmounted\n', VOLUME)).toMatchObject({ mounted: false, directories: [], entries: [] });
});

test('an empty volume is mounted all the same', () => {
  expect(parseSurvey('', VOLUME).mounted).toBe(true);
});

test('an entry of a newer kglab stops everything', () => {
  expect(() => parseSurvey('E {"version":7,"pv":"a","path":"/m/a"}\n', VOLUME)).toThrow(
    /volume gv0 has format 7/,
  );
});
