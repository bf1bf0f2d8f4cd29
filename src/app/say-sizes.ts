import type { LabConfig, NodeConfig } from '../config/config.js';
import type { Lab } from '../lab/lab.js';

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
