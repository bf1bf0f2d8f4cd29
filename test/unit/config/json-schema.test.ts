import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { labJsonSchema } from '../../../src/config/json-schema.js';

const FILE = fileURLToPath(new URL('../../../templates/lab.schema.json', import.meta.url));

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const undescribed = ({ properties = {}, items, anyOf = [] }: Schema, path = ''): string[] => [
  ...Object.entries(properties).flatMap(([key, property]) => [
    ...(property.description === undefined ? [`${path}.${key}`] : []),
    ...undescribed(property, `${path}.${key}`),
  ]),
  ...[items, ...anyOf].flatMap((inner) => (inner === undefined ? [] : undescribed(inner, path))),
];

test('the schema for editors is up to date (vitest -u rewrites it)', async () => {
  const text = await format(JSON.stringify(labJsonSchema()), {
    ...(await resolveConfig(FILE)),
    parser: 'json',
  });
  await expect(text).toMatchFileSnapshot(FILE);
});

test('every field is described', () => {
  expect(undescribed(labJsonSchema())).toEqual([]);
});
