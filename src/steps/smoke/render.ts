import { shortSum } from '../../util/checksum.js';
import { fill } from '../../util/template.js';

export interface SmokePods {
  readonly namespace: string;
  readonly storageClass: string;
  readonly image: string;
  /** Random words that the writer writes and everybody else must read. */
  readonly proof: string;
  readonly node: string;
}

/** Claim and writer. */
export const renderWriter = (
  template: string,
  { namespace, storageClass, image, proof, node }: SmokePods,
): string => fill(template, { namespace, storageClass, image, proof, node });

/** The reader, for another node. */
export const renderReader = (template: string, { namespace, image, proof, node }: SmokePods): string =>
  fill(template, { namespace, image, proof, node });

/** What a passed smoke test is good for: the same nodes, class and provisioner. */
export const smokeKey = (nodes: readonly string[], storageClass: string, deploymentUid: string): string =>
  shortSum(JSON.stringify([nodes, storageClass, deploymentUid]));

/** Directory that the provisioner makes for a claim below the mount. */
export const claimDirectory = (volumeName: string, namespace: string, claim: string): string =>
  `${volumeName}_${namespace}_${claim}`;
