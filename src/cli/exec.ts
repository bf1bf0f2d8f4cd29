import { findNode } from '../config/roles.js';
import { CliError } from '../errors/cli-error.js';
import { attach } from '../exec/spawn.js';
import { cmd, type Command } from '../exec/command.js';
import type { Machine } from '../machines/provider.js';
import type { LabFlags } from './support/flags.js';
import type { Session } from './support/session.js';
import { openKnownLab } from './support/open-world.js';
import { stderr, stdout } from './support/streams.js';

/** Runs a command in a machine on the user's terminal; kglab ends with its exit code. */
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

/** `kglab exec` */
export const execCommand = async (
  session: Session,
  node: string,
  words: string[],
  flags: LabFlags,
): Promise<void> => {
  const { name, config, provider } = await openKnownLab(session, flags, { what: 'exec' });
  const machine = findNode(config, node)?.machine;
  if (machine === undefined)
    throw new CliError('USAGE', `Lab ${name} has no node ${node}.`, {
      hint: `Nodes of this lab: ${config.nodes.map((one) => one.name).join(', ')}`,
    });
  // passThroughOptions() keeps the `--` among the arguments.
  const [file = '', ...args] = words[0] === '--' ? words.slice(1) : words;
  await attachIn(session, provider.machine(machine), cmd(file, ...args));
};
