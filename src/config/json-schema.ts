import * as z from 'zod';
import { labSchema } from './schema.js';

type Json = Readonly<Record<string, unknown>>;

const orNull = ({ description, default: preset, ...form }: Json): Json => ({
  ...(description !== undefined && { description }),
  ...(preset !== undefined && { default: preset }),
  anyOf: [...((form['anyOf'] as readonly Json[] | undefined) ?? [form]), { type: 'null' }],
});

/** A key without a value counts as not given, so editors must not complain about one. */
const allowEmptyKeys = (schema: Json): Json => {
  const { properties, required = [], items, anyOf } = schema;
  const keys = required as readonly string[];
  const entries = Object.entries((properties ?? {}) as Readonly<Record<string, Json>>).map(
    ([key, property]) => {
      const inner = allowEmptyKeys(property);
      return [key, keys.includes(key) ? inner : orNull(inner)];
    },
  );
  return {
    ...schema,
    ...(properties !== undefined && { properties: Object.fromEntries(entries) as Json }),
    ...(items !== undefined && { items: allowEmptyKeys(items as Json) }),
    ...(anyOf !== undefined && { anyOf: (anyOf as readonly Json[]).map(allowEmptyKeys) }),
  };
};

/** The JSON Schema of lab files (draft 7, which editors understand best), made from the schema that checks them. */
export const labJsonSchema = (): Json => ({
  ...allowEmptyKeys(z.toJSONSchema(labSchema, { io: 'input', target: 'draft-7' })),
  title: 'kglab lab file',
});
