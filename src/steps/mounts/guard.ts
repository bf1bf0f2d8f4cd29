import { kubernetesNodes } from '../../config/roles.js';
import { pending, satisfied } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { readFile, writeFile } from '../../guest/files.js';
import { PATHS } from '../../guest/layout.js';
import { guestProgram } from '../../guest/script.js';

const text = guestProgram('guard.sh');

/** The program that mounts a volume and checks that it answers is installed; the mount units and k3s use it. */
export const installGuard = defineStep<{ readonly machine: string }>({
  kind: 'mounts.guard',
  inputs: (config) => kubernetesNodes(config).map(({ machine }) => ({ machine })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Install the mount guard on ${machine}`,
  needs: ({ machine }) => [`machines.ready:${machine}`],
  probe: async ({ machine }, context) =>
    (await readFile(context.machine(machine), PATHS.guard, { ...context, where: machine })) === text
      ? satisfied
      : pending(`${PATHS.guard} is missing or outdated`),
  apply: ({ machine }, context) =>
    writeFile(context.machine(machine), PATHS.guard, text, {
      mode: '0755',
      signal: context.signal,
      where: machine,
    }),
});
