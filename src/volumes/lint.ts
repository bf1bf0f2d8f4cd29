import type { LabConfig } from '../config/config.js';
import type { Claim, ClusterVolumes } from './cluster.js';

/** A claim that will never be bound unless somebody changes it. */
export interface LintFinding {
  readonly claim: string;
  /** Why, and what to do. */
  readonly message: string;
}

const SHARED_MODES = ['ReadWriteMany', 'ReadOnlyMany'];

const faultOf = (claim: Claim, { classes }: LabConfig, known: readonly string[]): string | undefined => {
  if (claim.phase !== 'Pending') return undefined;
  const name = claim.class ?? classes.find((one) => one.default)?.name;
  const found = classes.find((one) => one.name === name);
  if (found === undefined) {
    return name === undefined || name === '' || known.includes(name)
      ? undefined
      : `there is no class ${name} (classes of this lab: ${classes.map((one) => one.name).join(', ')})`;
  }
  const mode = claim.accessModes.find((one) => SHARED_MODES.includes(one));
  if (found.mode === 'pinned' && mode !== undefined)
    return `class ${found.name} is pinned to a node, which rules out ${mode} (choose a shared class, or ReadWriteOnce)`;
  if (found.mode !== 'pinned' && claim.annotations['volumeType']?.toLowerCase() === 'local')
    return `annotation volumeType: local is not supported by class ${found.name} (${found.mode}). With it, every retry of the provisioner leaves an empty directory (remove the annotation, or choose a pinned class)`;
  return undefined;
};

/** Claims that will never be bound, and why. */
export const lintClaims = (
  { claims, volumes }: ClusterVolumes,
  config: LabConfig,
  otherClasses: readonly string[] = [],
): readonly LintFinding[] => {
  const known = [...otherClasses, ...volumes.map((pv) => pv.class)];
  return claims.flatMap((claim) => {
    const message = faultOf(claim, config, known);
    return message === undefined ? [] : [{ claim: claim.id, message }];
  });
};
