import type { StepContext } from '../../engine/context.js';
import { sh } from '../../exec/command.js';
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
