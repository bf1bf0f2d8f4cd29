import { knownLab } from '../lab/open.js';
import { findNode } from '../config/names.js';
import { CliError } from '../errors/cli-error.js';
import { attach } from '../exec/attach.js';
import { cmd, type Command } from '../exec/command.js';
import type { Machine } from '../machines/provider.js';
import type { LabFlags } from './support/flags.js';
import { labName } from './support/lab-file.js';
import type { Session } from './support/session.js';
import { openWorld } from './support/open-world.js';
import { stderr, stdout } from './support/streams.js';

/** Runs a command in a machine on the person's own terminal; the exit code becomes that of kglab. */
export const attachIn = async (session: Session, machine: Machine, command: Command): Promise<void> => {
  if (machine.hostCommand) {
    const outer = await machine.hostCommand(command);
    session.attached = true;
    session.exitCode = await attach({
      ...outer,
      ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
    }).finally(() => (session.attached = false));
    return;
  }
  const result = await machine.exec(command, { signal: session.abort.signal });
  stdout.write(result.stdout);
  stderr.write(result.stderr);
  session.exitCode = result.exitCode;
};

/** The provider's handle on a machine of a lab, and the lab's record. */
export const machineOf = async (
  session: Session,
  flags: LabFlags,
  node: string | undefined,
  what: string,
) => {
  const world = await openWorld(session, flags, { what });
  const lab = await knownLab(await labName(flags), world);
  const { config, provider } = lab;
  const machine = node === undefined ? undefined : findNode(config, node)?.machine;
  if (node !== undefined && machine === undefined) {
    throw new CliError('USAGE', `Lab ${lab.name} has no node ${node}.`, {
      hint: `Its nodes: ${config.nodes.map(({ name }) => name).join(', ')}`,
    });
  }
  return { lab, machine: provider.machine(machine ?? '') };
};

/** `kglab exec` */
export const execCommand = async (
  session: Session,
  node: string,
  words: string[],
  flags: LabFlags,
): Promise<void> => {
  const { machine } = await machineOf(session, flags, node, 'exec');
  // With options passed through, commander hands over the `--` too.
  const [file = '', ...args] = words[0] === '--' ? words.slice(1) : words;
  await attachIn(session, machine, cmd(file, ...args));
};
