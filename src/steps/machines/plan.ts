import type { LabConfig } from '../../config/config.js';
import { step } from '../../engine/make-step.js';
import type { Step } from '../../engine/step.js';

/** Image and network, then each machine: created, booted through cloud-init, and told the names of the others. */
export const planMachines = ({ nodes }: LabConfig): readonly Step[] => {
  const names = nodes.map(({ machine }) => machine);
  const created = names.map((name) => `machines.create:${name}`);
  return [
    step('machines.prepare', '', 'Prepare the machine image and the network', [], {}),
    ...nodes.map(({ machine: name, cpus, memoryMiB, diskGiB }) =>
      step('machines.create', name, `Create machine ${name}`, ['machines.prepare'], {
        name,
        cpus,
        memoryMiB,
        diskGiB,
      }),
    ),
    ...names.map((machine) =>
      step('machines.ready', machine, `Wait for cloud-init on ${machine}`, [`machines.create:${machine}`], {
        machine,
      }),
    ),
    ...names.map((machine) =>
      step(
        'machines.hosts',
        machine,
        `Tell ${machine} the addresses of the lab`,
        [`machines.ready:${machine}`, ...created],
        { machine, names },
      ),
    ),
  ];
};
