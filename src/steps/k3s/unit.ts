import type { StepContext } from '../../engine/context.js';
import { CommandError } from '../../exec/command-error.js';
import { cmd, sh } from '../../exec/command.js';
import { PATHS, unitOf } from '../../guest/paths.js';

/** What systemd says of k3s; times in UTC, whatever the machine's time zone. */
export const SHOW_K3S = `
TZ=UTC systemctl show -p ActiveState,UnitFileState,NRestarts,ExecMainStartTimestamp "$1"
[ -e "$2" ] && echo restart
:`;

/** k3s of a machine as systemd sees it. */
export interface K3sUnit {
  readonly active: boolean;
  readonly enabled: boolean;
  /** How often systemd had to start it again. */
  readonly restarts: number;
  /** It has to be restarted for a configuration, program or images that were written since it was started. */
  readonly outdated: boolean;
  /** When its process was started, in milliseconds since 1970 by the machine's own clock; 0 when it never was. */
  readonly startedAt: number;
}

/** Reads what {@link SHOW_K3S} prints. */
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

/** Looks at k3s on a machine; probes share one look. */
export const k3sUnit = (machine: string, role: 'server' | 'agent', context: StepContext): Promise<K3sUnit> =>
  context.fact(`k3s unit on ${machine}`, async () => {
    const command = sh(SHOW_K3S, unitOf(role), PATHS.k3sRestart);
    return parseK3sUnit((await context.machine(machine).exec(command, { signal: context.signal })).stdout);
  });

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
