import type * as z from 'zod';

const inner = (schema: z.core.$ZodTypes, part?: string | number): z.core.$ZodType[] => {
  const { def } = schema._zod;
  switch (def.type) {
    case 'default':
    case 'prefault':
    case 'optional':
      return [def.innerType];
    case 'pipe':
      return [def.in];
    case 'union':
      return [...def.options];
    case 'array':
      return typeof part === 'number' ? [def.element] : [];
    case 'object':
      return typeof part === 'string' && def.shape[part] !== undefined ? [def.shape[part]] : [];
    default:
      return [];
  }
};

const isContainer = (schema: z.core.$ZodTypes): boolean => ['array', 'object'].includes(schema._zod.def.type);

/** The keys that a schema knows in the mapping at a path. */
export const knownKeys = (schema: z.core.$ZodType, path: readonly (string | number)[]): readonly string[] => {
  const current = schema as z.core.$ZodTypes;
  if (!isContainer(current)) return inner(current).flatMap((next) => knownKeys(next, path));
  const [part, ...rest] = path;
  if (part !== undefined) return inner(current, part).flatMap((next) => knownKeys(next, rest));
  return current._zod.def.type === 'object' ? Object.keys(current._zod.def.shape) : [];
};
