import type { LabConfig, NodeConfig } from '../config/config.js';
import { serverMachine } from '../config/roles.js';
import { CliError } from '../errors/cli-error.js';
import { droppedBetween, retire } from '../volumes/retire.js';
import type { Lab } from '../lab/lab.js';
import { lookingContext, runContext } from '../lab/run-context.js';

/** Throws LAB_CHANGED if the lab has nodes that the lab file no longer lists: only `down` removes nodes. */
export const assertNoNodeLost = (known: LabConfig, config: LabConfig): void => {
  const lost = known.nodes.filter(({ machine }) => !config.nodes.some((node) => node.machine === machine));
  if (lost.length === 0) return;
  throw new CliError(
    'LAB_CHANGED',
    `lab.yaml no longer lists nodes ${lost.map(({ name }) => name).join(', ')} of the running lab.`,
    {
      hint: 'kglab does not remove nodes. Put them back into lab.yaml, or remove the lab first: kglab down',
    },
  );
};

/**
 * Removes classes and volumes that the new configuration no longer has. Throws VOLUME_IN_USE if they hold data,
 * LAB_CHANGED if that cannot be checked.
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
      `lab.yaml removes or changes ${names}, but kglab cannot check whether data would be lost: ${cause.message}`,
      {
        hint: 'Undo the change, run `kglab up` until the lab is healthy, then change lab.yaml again.',
        cause,
      },
    );
  }
};

const size = ({ cpus, memoryMiB, diskGiB }: NodeConfig): string =>
  `${cpus} CPUs, ${memoryMiB} MiB, ${diskGiB} GiB`;

/** Says which existing machines keep their size although the lab file now gives another. */
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
        `${node.name} keeps its size (${size(before)}); to get the size in lab.yaml (${size(node)}): kglab rebuild --node ${node.name} -n ${config.name}`,
      );
};
