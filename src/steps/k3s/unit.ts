import type { StepContext } from '../../engine/context.js';
import { CommandError } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { PATHS, unitOf } from '../../guest/layout.js';
import { guestScript } from '../../guest/script.js';

/** The state of k3s on a machine. */
export interface K3sUnit {
  readonly active: boolean;
  readonly enabled: boolean;
  /** How often systemd has restarted it. */
  readonly restarts: number;
  /** Configuration, program or images have changed since it was started. */
  readonly outdated: boolean;
  /** When its process was started, in milliseconds since 1970 by the machine's clock; 0 when it never was. */
  readonly startedAt: number;
}

/** Reads what `show_k3s` of k3s.sh prints. */
export const parseK3sUnit = (text: string): K3sUnit => {
  const [, day, time] = /ExecMainStartTimestamp=\S+ (\S+) (\S+) UTC/.exec(text) ?? [];
  return {
    active: /^ActiveState=active$/m.test(text),
    enabled: /^UnitFileState=enabled$/m.test(text),
    restarts: Number(/^NRestarts=(\d+)/m.exec(text)?.[1] ?? 0),
    outdated: /^restart$/m.test(text),
    startedAt: day === undefined ? 0 : Date.parse(`${day}T${time}Z`),
  };
};

/** Reads the state of k3s on a machine; cached as a fact. */
export const k3sUnit = (machine: string, role: 'server' | 'agent', context: StepContext): Promise<K3sUnit> =>
  context.fact(`k3s unit on ${machine}`, async () => {
    const command = guestScript('k3s.sh', 'show_k3s', unitOf(role), PATHS.k3sRestart);
    return parseK3sUnit((await context.machine(machine).exec(command, { signal: context.signal })).stdout);
  });

/** What an agent logs repeatedly while the cluster has another password for its name. */
const REJECTED = 'Node password rejected';

/** How many journal lines to search for it: a waiting agent logs little else. */
const LAST_WORDS = '5';

/** Whether the end of the agent's journal says that the cluster rejects its password. */
export const isRejected = async (machine: string, context: StepContext): Promise<boolean> => {
  const command = cmd('journalctl', '-u', unitOf('agent'), '-n', LAST_WORDS, '--no-pager', '-o', 'cat');
  const { stdout } = await context
    .machine(machine)
    .exec({ ...command, secrets: [context.token] }, { signal: context.signal, timeoutMs: 15_000 });
  return stdout.includes(REJECTED);
};

/** Makes the error for a k3s that does not start, with the end of its journal; `what` describes the symptom. */
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
    what: `${what}.`,
    ending: `The end of the journal of ${unit}:`,
    hint: rejected
      ? `The cluster still knows an earlier machine with this name. Delete that node, then repair the lab: kglab kubectl -- delete node ${machine} && kglab up`
      : `Read more of the journal: kglab exec ${machine} -- journalctl -u ${unit} -n 100\nThen run \`kglab up\` again.`,
  });
};
