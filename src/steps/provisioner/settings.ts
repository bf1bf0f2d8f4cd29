import type { ClassConfig } from '../../config/config.js';
import type { StepInputs } from '../../engine/step.js';

type Input = Pick<StepInputs['provisioner.apply'], 'volumes' | 'classes'>;

/** A class that lab.yaml does not know and that has volumes: the provisioner must be able to remove them. */
export interface StrayClass {
  readonly name: string;
  /** Directory that holds its volumes. */
  readonly path: string;
}

/** The provisioner's word for "every node". */
const EVERY_NODE = 'DEFAULT_PATH_FOR_NON_LISTED_NODES';

const placeOf = ({ volumes }: Input, { name, mode, volume }: ClassConfig): object => {
  const found = volumes.find((candidate) => candidate.name === volume);
  if (found === undefined) throw new Error(`class ${name} names the unknown volume ${volume}`);
  if (mode === 'pinned') return { nodePathMap: [{ node: EVERY_NODE, paths: [found.path] }] };
  return { sharedFileSystemPath: mode === 'dedicated' ? found.claims : found.path };
};

/**
 * config.json of the provisioner. One volume with shared classes serves whatever class asks; otherwise each class is
 * listed, as storageClassConfigs then has to name all of them, also those of which only volumes are left.
 */
export const provisionerConfig = (input: Input, strays: readonly StrayClass[] = []): string => {
  const [only, ...more] = input.volumes;
  const isPlain = more.length === 0 && input.classes.every(({ mode }) => mode === 'shared');
  if (only !== undefined && isPlain) return JSON.stringify({ sharedFileSystemPath: only.path });
  const entries = [
    ...strays.map(({ name, path }) => [name, { sharedFileSystemPath: path }]),
    ...input.classes.map((one) => [one.name, placeOf(input, one)]),
  ];
  return JSON.stringify({ storageClassConfigs: Object.fromEntries(entries) });
};
