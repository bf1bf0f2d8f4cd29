import type { LabConfig, NodeConfig } from '../config/config.js';
import { serverMachine } from '../config/roles.js';
import { CliError } from '../errors/cli-error.js';
import { droppedBetween, retire } from '../volumes/retire.js';
import type { Lab } from '../lab/lab.js';
import { lookingContext, runContext } from '../lab/run-context.js';

/** Throws LAB_CHANGED when nodes exist that the lab file no longer names: taking them away is for `down`. */
export const assertNoNodeLost = (known: LabConfig, config: LabConfig): void => {
  const lost = known.nodes.filter(({ machine }) => !config.nodes.some((node) => node.machine === machine));
  if (lost.length === 0) return;
  throw new CliError(
    'LAB_CHANGED',
    `The running lab has ${lost.map(({ name }) => name).join(', ')}, which lab.yaml does not.`,
    {
      hint: 'Nodes with bricks are not dropped silently. Put them back into lab.yaml, or take the lab down first: kglab down',
    },
  );
};

/**
 * Takes away classes and volumes that the lab has and the new configuration does not. Throws VOLUME_IN_USE when they
 * have data, LAB_CHANGED when that cannot be told.
 */
export const retireDropped = async (
  lab: Lab,
  after: LabConfig,
  { dryRun }: { readonly dryRun: boolean },
): Promise<void> => {
  const { config: before, provider, signal } = lab;
  const { classes, volumes } = droppedBetween(before, after);
  if (classes.length + volumes.length === 0) return;
  const machines = await provider.list({ signal });
  if (!machines.some(({ name }) => name === serverMachine(before))) return;
  const context = lookingContext(await runContext(lab), lab);
  try {
    await retire(before, after, context, { dryRun });
  } catch (cause) {
    if (!(cause instanceof CliError) || cause.code === 'VOLUME_IN_USE' || signal.aborted) throw cause;
    const names = [...new Set([...classes, ...volumes].map(({ name }) => name))].join(', ');
    throw new CliError(
      'LAB_CHANGED',
      `lab.yaml no longer has ${names} as they were, and whether they have data cannot be told: ${cause.message}`,
      {
        hint: 'Put them back, run `kglab up` until the lab is whole, then change them again.',
        cause,
      },
    );
  }
};

const size = ({ cpus, memoryMiB, diskGiB }: NodeConfig): string =>
  `${cpus} CPUs, ${memoryMiB} MiB, ${diskGiB} GiB`;

/** Says of machines that exist and of which the lab file now says another size that they stay as they were made. */
export const saySizes = async (
  known: LabConfig,
  {
    config,
    provider,
    say,
    signal,
  }: Pick<Lab, 'config' | 'say' | 'signal'> & {
    readonly provider: Pick<Lab['provider'], 'list'>;
  },
): Promise<void> => {
  const changed = config.nodes.flatMap((node) => {
    const before = known.nodes.find(({ machine }) => machine === node.machine);
    return before === undefined || size(before) === size(node) ? [] : [{ before, node }];
  });
  const machines = changed.length === 0 ? [] : await provider.list({ signal });
  for (const { before, node } of changed)
    if (machines.some(({ name }) => name === node.machine))
      say(
        `${node.name} stays as it was made (${size(before)}); for what lab.yaml says now (${size(node)}): kglab rebuild --node ${node.name} -n ${config.name}`,
      );
};
