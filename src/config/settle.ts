import type { LabConfig } from './config.js';
import type { RawLab } from './schema.js';
import { settleClasses } from './settle-classes.js';
import { settleNodes } from './settle-nodes.js';
import { settleVolumes } from './settle-volumes.js';

/** k3s' own local-path-provisioner would fight with the one that kglab sets up. */
const ALWAYS_DISABLED = 'local-storage';

const settleK3s = ({ version, disable, server, agent, artifacts }: RawLab['k3s']): LabConfig['k3s'] => ({
  version,
  disable: [...new Set([...disable, ALWAYS_DISABLED])],
  serverConfig: server,
  agentConfig: agent,
  artifacts,
});

const settleSmoke = ({ enabled, image, namespace, timeout }: RawLab['smoke']): LabConfig['smoke'] => ({
  enabled,
  image,
  namespace,
  timeoutSeconds: timeout,
});

/** Resolves what a lab file leaves open: names, roles, bricks, mount points. Total: it judges nothing. */
export const settle = (raw: RawLab): LabConfig => {
  const nodes = settleNodes(raw);
  const volumes = settleVolumes(raw, nodes);
  const { image, helperImage, namespace } = raw.storage.provisioner;
  return {
    name: raw.name,
    provider: raw.provider,
    image: raw.image,
    nodes,
    volumes,
    classes: settleClasses(raw, volumes),
    k3s: settleK3s(raw.k3s),
    provisioner: { image, helperImage, namespace },
    smoke: settleSmoke(raw.smoke),
    network: { subnet: raw.network.subnet, internet: raw.network.internet },
  };
};
