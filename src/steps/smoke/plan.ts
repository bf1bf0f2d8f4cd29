import type { LabConfig } from '../../config/config.js';
import { kubernetesNodes, serverMachine } from '../../config/roles.js';
import { step } from '../../engine/make-step.js';
import type { Step } from '../../engine/step.js';

/** The proof: a pod's data, read back on every node and by a pod of another node. */
export const planSmoke = (config: LabConfig): readonly Step[] => {
  const nodes = kubernetesNodes(config).map(({ machine }) => machine);
  const shared = config.classes.filter(({ mode }) => mode === 'shared');
  const storageClass = shared.find((candidate) => candidate.default) ?? shared[0];
  const volume = config.volumes.find(({ name }) => name === storageClass?.volume);
  if (!config.smoke.enabled || storageClass === undefined || volume === undefined) return [];
  return [
    step(
      'smoke.run',
      '',
      'Prove that what a pod writes is seen by every node',
      ['provisioner.apply', ...nodes.map((machine) => `k3s.ready:${machine}`)],
      {
        server: serverMachine(config),
        namespace: config.smoke.namespace,
        nodes,
        storageClass: storageClass.name,
        path: volume.mount,
        timeoutMs: config.smoke.timeoutSeconds * 1000,
      },
    ),
  ];
};
