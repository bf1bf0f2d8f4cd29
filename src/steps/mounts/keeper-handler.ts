import { pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import { checked } from '../../exec/checked.js';
import { cmd, sh } from '../../exec/command.js';
import { readFile, writeFile } from '../../exec/files.js';
import type { StepInputs } from '../../engine/kinds.js';
import { PATHS } from '../../guest/paths.js';
import { renderKeeperEnv, renderKeeperTable } from './render-keeper.js';

type Input = StepInputs['mounts.keeper'];

interface KeptFile {
  readonly path: string;
  readonly mode: string;
  readonly content: string;
}

const UNIT = 'kglab-keeper.service';

const filesOf = (input: Input, { templates }: StepContext): readonly KeptFile[] => [
  { path: PATHS.keeper, mode: '0755', content: templates['kglab-keeper'] ?? '' },
  { path: PATHS.keeperTemplate, mode: '0644', content: templates['catalogue.tmpl'] ?? '' },
  { path: PATHS.keeperEnv, mode: '0644', content: renderKeeperEnv(input) },
  { path: PATHS.keeperTable, mode: '0644', content: renderKeeperTable(input) },
  { path: PATHS.keeperUnit, mode: '0644', content: templates['kglab-keeper.service'] ?? '' },
];

/** The keeper runs on the machine, with what this lab wants it to do. */
export const keeperHandler: StepHandler<'mounts.keeper'> = {
  probe: async (input, context) => {
    const machine = context.machine(input.machine);
    for (const { path, content } of filesOf(input, context)) {
      if ((await readFile(machine, path, { signal: context.signal })) !== content)
        return pending(`${path} is not that of this lab`);
    }
    const { stdout } = await machine.exec(cmd('systemctl', 'is-active', UNIT), { signal: context.signal });
    return stdout.trim() === 'active' ? satisfied : pending('the keeper does not run');
  },
  apply: async (input, context) => {
    const machine = context.machine(input.machine);
    const { signal } = context;
    for (const { path, mode, content } of filesOf(input, context))
      await writeFile(machine, path, content, { mode, signal, where: input.machine, code: 'MOUNT_FAILED' });
    const command = sh('systemctl daemon-reload && systemctl enable -q "$1" && systemctl restart "$1"', UNIT);
    await checked(machine, input.machine, command, {
      code: 'MOUNT_FAILED',
      what: `Starting the keeper on ${input.machine}`,
      hint: `Look at its journal: kglab exec ${input.machine} -- journalctl -u ${UNIT} -n 30`,
      signal,
    });
  },
};
