import type { StepContext } from '../../engine/context.js';
import { CommandError } from '../../exec/command-error.js';
import { cmd } from '../../exec/command.js';
import { unitOf } from '../../guest/paths.js';

/** What an agent logs, again and again, while the cluster knows another machine of its name. */
const REJECTED = 'Node password rejected';

/** Lines in which a rejection is looked for: an agent that waits logs little else. */
const LAST_WORDS = '5';

/** Whether the agent's last words are that the cluster takes it for an impostor. */
export const isRejected = async (machine: string, context: StepContext): Promise<boolean> => {
  const command = cmd('journalctl', '-u', unitOf('agent'), '-n', LAST_WORDS, '--no-pager', '-o', 'cat');
  const { stdout } = await context
    .machine(machine)
    .exec({ ...command, secrets: [context.token] }, { signal: context.signal, timeoutMs: 15_000 });
  return stdout.includes(REJECTED);
};

/** The error for a k3s that does not come up, with the end of its journal; `what` says what was seen of it. */
export const k3sFailure = async (
  machine: string,
  role: 'server' | 'agent',
  what: string,
  context: StepContext,
): Promise<CommandError> => {
  const unit = unitOf(role);
  const command = {
    ...cmd('journalctl', '-u', unit, '-n', '25', '--no-pager', '-o', 'cat'),
    secrets: [context.token],
  };
  const journal = await context.machine(machine).exec(command, { signal: context.signal });
  const rejected = journal.stdout.includes(REJECTED);
  return new CommandError('K3S_NOT_STARTED', machine, command, journal, {
    what: `${what}; its journal`,
    hint: rejected
      ? `The cluster knows another machine of that name. Forget it, then go on: kglab kubectl -- delete node ${machine} && kglab up`
      : `Read on: kglab exec ${machine} -- journalctl -u ${unit} -n 100. Then run \`kglab up\` again.`,
  });
};
