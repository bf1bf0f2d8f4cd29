import * as z from 'zod';
import { labSchema } from './schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

const nullable = (schema: JsonSchema): JsonSchema => {
  const { description, default: preset, ...form } = schema;
  return {
    ...(description !== undefined && { description }),
    ...(preset !== undefined && { default: preset }),
    anyOf: [...(form.anyOf ?? [form as JsonSchema]), { type: 'null' }],
  };
};

/** A key without a value counts as not given, so editors must not complain about one. */
const allowEmptyKeys = (schema: JsonSchema): void => {
  const { properties = {}, required = [] } = schema;
  for (const [key, property] of Object.entries(properties)) {
    if (!required.includes(key)) properties[key] = nullable(property as JsonSchema);
  }
};

/** The JSON Schema of lab files (draft 7, which editors understand best), made from the schema that checks them. */
export const labJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(labSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => allowEmptyKeys(jsonSchema),
  }),
  title: 'kglab lab file',
});
