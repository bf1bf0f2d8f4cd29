import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { labJsonSchema } from '../../../src/config/schema.js';

const FILE = fileURLToPath(new URL('../../../templates/lab.schema.json', import.meta.url));

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** All fields at any depth, with their descriptions. */
const fieldsOf = (
  { properties = {}, items, anyOf = [] }: Schema,
  path = '',
): [string, string | undefined][] => [
  ...Object.entries(properties).flatMap(([key, property]): [string, string | undefined][] => [
    [`${path}.${key}`, property.description],
    ...fieldsOf(property, `${path}.${key}`),
  ]),
  ...[items, ...anyOf].flatMap((inner) => (inner === undefined ? [] : fieldsOf(inner, path))),
];

test('templates/lab.schema.json is up to date (vitest -u rewrites it)', async () => {
  const text = await format(JSON.stringify(labJsonSchema()), {
    ...(await resolveConfig(FILE)),
    parser: 'json',
  });
  await expect(text).toMatchFileSnapshot(FILE);
});

test('every field has a description', () => {
  const fields = fieldsOf(labJsonSchema());
  expect(fields.map(([path]) => path)).toEqual(
    expect.arrayContaining([
      '.nodes.roles',
      '.gluster.volumes.name',
      '.storage.classes.mode',
      '.network.subnet',
    ]),
  );
  expect(fields.filter(([, description]) => description === undefined)).toEqual([]);
});
