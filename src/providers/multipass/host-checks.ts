import { cmd, type Command, type CommandResult, type Executor } from '../../exec/command.js';
import type { Platform } from './installation.js';
import { bad, type Check, freeMiB, good } from '../../machines/host-check.js';

export interface MultipassHostInput {
  readonly host: Executor;
  readonly platform: Platform;
  /** Home folder of the user. */
  readonly home: string;
  /** A path on the disk where multipass keeps its machines; for tests. */
  readonly storage?: string;
  /** Whether the daemon answers; these checks apply only then. */
  isReachable(): Promise<boolean>;
}

/** Deadline of a command on the host, in milliseconds. */
const ASK_MS = 20_000;
/** An image of Ubuntu, and three machines with what kglab installs: about 0.6 and 3 GiB. In MiB. */
const DISK_MIB = 10 * 1024;

const ask = ({ host }: MultipassHostInput, command: Command): Promise<CommandResult> =>
  host.exec(command, { timeoutMs: ASK_MS });

const disk = ({ platform, home, storage, isReachable }: MultipassHostInput): Check => ({
  id: 'disk',
  title: 'Free disk space',
  // An existing lab already has its space.
  optional: 'three new machines',
  applicable: isReachable,
  run: async () => {
    // The snap keeps machines under /var/snap; elsewhere they are on the disk of the home folders.
    const free = await freeMiB(storage ?? (platform === 'linux' ? '/var/snap/multipass' : home));
    const found = `${(free / 1024).toFixed(1)} GiB`;
    if (free >= DISK_MIB) return good(found);
    const need = `${found}; three machines need about ${DISK_MIB / 1024} GiB`;
    return bad(need, 'multipass list', 'df -h');
  },
});

/** "All addresses of the host", as ss(8) writes it. */
const EVERYWHERE = new Set(['0.0.0.0:53', '*:53', '[::]:53']);

const nameServer = (input: MultipassHostInput): Check => ({
  id: 'port-53',
  title: 'Name server for machines',
  applicable: async () => input.platform === 'linux' && (await input.isReachable()),
  run: async () => {
    const { stdout } = await ask(input, cmd('ss', '-Hlun', 'sport = :53'));
    const taken = stdout.split('\n').some((line) => EVERYWHERE.has(line.trim().split(/\s+/)[3] ?? ''));
    return good(
      taken
        ? 'another program listens on port 53: if machines get no address or no names, see sudo ss -lunp sport = :53'
        : 'port 53 is free',
    );
  },
});

const refreshes = (input: MultipassHostInput): Check => ({
  id: 'snap-refresh',
  title: 'multipass updates',
  applicable: async () => input.platform === 'linux' && (await input.isReachable()),
  run: async () => {
    const { exitCode, stdout } = await ask(input, cmd('snap', 'list', 'multipass'));
    if (exitCode !== 0) return good('not a snap');
    const notes = stdout.trim().split('\n').at(-1)?.split(/\s+/).at(-1) ?? '';
    return good(
      notes.split(',').includes('held')
        ? 'held'
        : 'automatic; an update stops all machines. To hold updates: sudo snap refresh --hold multipass',
    );
  },
});

const FIREWALL = '/usr/libexec/ApplicationFirewall/socketfilterfw';
const BOOTPD = '/usr/libexec/bootpd';

const macFirewall = (input: MultipassHostInput): Check => ({
  id: 'mac-firewall',
  title: 'macOS firewall',
  applicable: async () => input.platform === 'darwin' && (await input.isReachable()),
  run: async () => {
    const { stdout } = await ask(input, cmd(FIREWALL, '--getglobalstate'));
    return good(
      /enabled/i.test(stdout)
        ? `on: if machines get no address, sudo ${FIREWALL} --add ${BOOTPD}; sudo ${FIREWALL} --unblockapp ${BOOTPD}`
        : 'off',
    );
  },
});

/** Host settings that can keep machines of multipass from working. */
export const multipassHostChecks = (input: MultipassHostInput): readonly Check[] =>
  [disk, nameServer, refreshes, macFirewall].map((make) => make(input));
