import type { LabConfig } from '../../config/config.js';
import { claimsPath, serverMachine } from '../../config/roles.js';
import { step } from '../../engine/make-step.js';
import type { Step } from '../../engine/step.js';

/** local-path-provisioner on the shared mount, with the lab's storage classes. */
export const planProvisioner = (config: LabConfig): readonly Step[] => {
  const server = serverMachine(config);
  return [
    step(
      'provisioner.apply',
      '',
      'Deploy local-path-provisioner and the storage classes',
      [`k3s.ready:${server}`],
      {
        server,
        namespace: config.provisioner.namespace,
        volumes: config.volumes.map((volume) => ({
          name: volume.name,
          path: volume.mount,
          claims: claimsPath(volume),
        })),
        classes: config.classes,
      },
    ),
  ];
};
