import type { Path } from './problem.js';

/** What flags of the command line say in place of the lab file. */
export interface ConfigOverrides {
  readonly name?: string;
  readonly provider?: string;
  /** A count; whatever else it is gets refused with the flag's name. */
  readonly nodes?: string | number;
}

const FLAGS = { name: '--name', provider: '--provider', nodes: '--nodes' } as const;

const counted = (nodes: string | number): string | number =>
  typeof nodes === 'string' && /^\d+$/.test(nodes) ? Number(nodes) : nodes;

/** Puts flags in place of what the file says, before any of it is judged. */
export const applyOverrides = (
  data: Readonly<Record<string, unknown>>,
  { name, provider, nodes }: ConfigOverrides,
): Record<string, unknown> => ({
  ...data,
  ...(name !== undefined && { name }),
  ...(provider !== undefined && { provider }),
  ...(nodes !== undefined && { nodes: counted(nodes) }),
});

/** The flag that a value comes from, if one does. */
export const flagOf = ([key]: Path, overrides: ConfigOverrides): string | undefined => {
  const flag = Object.entries(FLAGS).find(([name]) => name === key);
  return flag !== undefined && overrides[flag[0] as keyof ConfigOverrides] !== undefined
    ? flag[1]
    : undefined;
};
