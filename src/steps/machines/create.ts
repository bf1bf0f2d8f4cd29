import { machineInfo, pending, satisfied } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { parse, stringify } from 'yaml';

interface Input {
  readonly name: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
}

/** Distribution packages that a machine needs, if the image does not contain them. */
const PACKAGES = ['glusterfs-server', 'glusterfs-client', 'attr', 'conntrack', 'iptables', 'zstd'];

export interface UserDataInput {
  readonly machine: string;
  readonly lab: { readonly name: string; readonly id: string };
  /** Whether cloud-init has to install the packages. */
  readonly install: boolean;
}

/** Content of a machine's marker file, which says whose it is: one plain line that YAML need not quote. */
export const markerOf = ({ machine, lab }: Pick<UserDataInput, 'machine' | 'lab'>): string =>
  `kglab machine ${machine} of lab ${lab.name} with id ${lab.id}`;

/** The cloud-init user data of a machine. It survives being parsed and written again as YAML, as multipass does. */
export const renderUserData = (template: string, input: UserDataInput): string => {
  const data = parse(template) as Record<string, unknown>;
  const filled = {
    ...data,
    hostname: input.machine,
    package_update: input.install,
    packages: input.install ? PACKAGES : [],
    write_files: [{ path: '/etc/kglab/machine', content: markerOf(input) }],
  };
  return `#cloud-config\n${stringify(filled, { lineWidth: 0 })}`;
};

/** The machine exists and runs. */
export const createMachine = defineStep<Input>({
  kind: 'machines.create',
  inputs: ({ nodes }) =>
    nodes.map(({ machine: name, cpus, memoryMiB, diskGiB }) => ({ name, cpus, memoryMiB, diskGiB })),
  target: ({ name }) => name,
  title: ({ name }) => `Create machine ${name}`,
  needs: () => ['machines.prepare'],
  probe: async ({ name }, context) => {
    const state = (await machineInfo(name, context))?.state;
    if (state === 'running') return satisfied;
    return pending(state === undefined ? 'the machine does not exist' : `the machine is ${state}`);
  },
  apply: async (input, context) => {
    const { provider, signal, say, lab } = context;
    const found = await machineInfo(input.name, context);
    if (found?.state === 'stopped') return provider.start(input.name, { signal, onLine: say });
    const userData = renderUserData(context.templates['machine.yaml'] ?? '', {
      machine: input.name,
      lab,
      install: !provider.features.packagesInImage,
    });
    await provider.create({ ...input, userData }, { signal, onLine: say });
  },
});

/** The image that machines are made from, and their network, are there. */
export const prepareImage = defineStep<Record<string, never>>({
  kind: 'machines.prepare',
  inputs: () => [{}],
  title: () => 'Prepare the machine image and the network',
  probe: async (_input, { provider, signal }) => {
    const missing = await provider.foundation.missing({ signal });
    return missing === undefined ? satisfied : pending(missing);
  },
  apply: (_input, { provider, signal, say }) => provider.foundation.prepare({ signal, onLine: say }),
});
