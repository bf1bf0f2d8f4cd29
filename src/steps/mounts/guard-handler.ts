import { pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import { readFile, writeFile } from '../../exec/files.js';
import { PATHS } from '../../guest/paths.js';

const text = ({ templates }: StepContext): string => templates['kglab-mounted'] ?? '';

/** The program that mounts a volume and sees that it is live; all mounts of a machine, and k3s, go by it. */
export const guardHandler: StepHandler<'mounts.guard'> = {
  probe: async ({ machine }, context) =>
    (await readFile(context.machine(machine), PATHS.guard, { ...context, where: machine })) === text(context)
      ? satisfied
      : pending(`${PATHS.guard} is not that of this lab`),
  apply: ({ machine }, context) =>
    writeFile(context.machine(machine), PATHS.guard, text(context), {
      mode: '0755',
      signal: context.signal,
      where: machine,
    }),
};
