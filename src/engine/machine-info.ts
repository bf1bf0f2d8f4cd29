import type { StepContext } from './context.js';
import type { MachineInfo } from '../machines/provider.js';

/** The machines of the lab as its provider has them; probes share one look. */
export const machineInfos = ({ fact, provider, signal }: StepContext): Promise<readonly MachineInfo[]> =>
  fact('machines', () => provider.list({ signal }));

/** One machine of the lab as its provider has it; undefined when there is none of that name. */
export const machineInfo = async (name: string, context: StepContext): Promise<MachineInfo | undefined> =>
  (await machineInfos(context)).find((info) => info.name === name);
