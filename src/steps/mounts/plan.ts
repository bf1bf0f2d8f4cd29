import type { LabConfig, NodeConfig, VolumeConfig } from '../../config/config.js';
import { brickMachines, kubernetesNodes } from '../../config/roles.js';
import { step } from '../../engine/make-step.js';
import type { Step } from '../../engine/step.js';

const planGuard = ({ machine }: NodeConfig): Step =>
  step('mounts.guard', machine, `Guard the mounts of ${machine}`, [`machines.ready:${machine}`], { machine });

const planMount = (config: LabConfig, { machine, roles }: NodeConfig, volume: VolumeConfig): Step => {
  const bricks = brickMachines(config, volume);
  const local = roles.includes('storage');
  const others = bricks.filter((server) => server !== machine);
  return step(
    'mounts.mount',
    `${volume.name}@${machine}`,
    `Mount volume ${volume.name} at ${volume.mount} on ${machine}`,
    [`mounts.guard:${machine}`, `machines.hosts:${machine}`, `gluster.start:${volume.name}`],
    {
      machine,
      volume: volume.name,
      path: volume.mount,
      servers: local ? [machine, ...others] : others,
      local,
    },
  );
};

/** Every volume on every Kubernetes node. */
export const planMounts = (config: LabConfig): readonly Step[] =>
  kubernetesNodes(config).flatMap((node) => [
    planGuard(node),
    ...config.volumes.map((volume) => planMount(config, node, volume)),
  ]);
