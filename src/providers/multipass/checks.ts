import { totalmem } from 'node:os';
import { cmd, sh, type CommandResult, type Executor } from '../../exec/command.js';
import type { ErrorCode } from '../../errors/catalog.js';
import { CliError } from '../../errors/cli-error.js';
import { installAdvice, PLACES, restartCommand, type Platform } from './installation.js';
import { driverArgs, statesArgs, versionArgs } from './commands.js';
import { commandError, serviceError } from './errors.js';
import { featuresOf, isSupported, OLDEST } from './features.js';
import { parseList, parseVersions } from './parse.js';
import { bad, good, type Check, type Finding } from '../../machines/host-check.js';
import { multipassHostChecks } from './host-checks.js';

export interface MultipassCheckInput {
  readonly host: Executor;
  readonly platform: Platform;
  /** Home folder of the user: a snap cannot run in other working directories. */
  readonly home: string;
}

/** How long the daemon may take before it counts as hanging, in milliseconds. */
const ANSWER_MS = 30_000;

/** Three machines of 2 GiB use 4 GiB before any workload. In bytes. */
const MEMORY = 4 * 1024 ** 3;
const GIB = 1024 ** 3;

/** A finding with an error code; `up` fails with that code. */
const named = (code: ErrorCode, found: string, command: string): Finding => ({
  ...bad(found, command),
  error: new CliError(code, `multipass: ${found}.`, { hint: `${command}\nThen run the same command again.` }),
});

/** Runs each command once and shares its result among the checks. */
class Asked {
  private readonly answers = new Map<string, Promise<CommandResult>>();

  constructor(readonly input: MultipassCheckInput) {}

  ask(args: readonly string[], file = 'multipass'): Promise<CommandResult> {
    const key = [file, ...args].join(' ');
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const { host, home } = this.input;
    const asking = host.exec({ ...cmd(file, ...args), cwd: home }, { timeoutMs: ANSWER_MS });
    this.answers.set(key, asking);
    return asking;
  }

  /** Whether the program is found; without it, the other checks do not apply. */
  isInstalled = async (): Promise<boolean> => (await this.ask(versionArgs)).exitCode !== 127;

  /** Whether the daemon answers this user. */
  isReachable = async (): Promise<boolean> => {
    const { exitCode, timedOut } = await this.ask(statesArgs);
    return exitCode === 0 && !timedOut;
  };

  async driver(): Promise<string> {
    return (await this.ask(driverArgs)).stdout.trim();
  }
}

const installed = (asked: Asked): Check => ({
  id: 'multipass',
  title: 'multipass program',
  applicable: () => true,
  run: async () => {
    if (await asked.isInstalled()) return good('found');
    const { platform } = asked.input;
    for (const place of PLACES[platform] ?? []) {
      if ((await asked.ask(['version'], place)).exitCode !== 0) continue;
      return bad(`installed as ${place}, but not in PATH`, 'Add its folder to PATH');
    }
    return named('MULTIPASS_MISSING', 'not installed', installAdvice(platform));
  },
});

/** The finding for a failed call, with the advice of its error. */
const explain = (error: CliError): Finding => ({
  ...bad(error.details[0] ?? error.message, ...(error.hint ?? '').split('\n').filter(Boolean)),
  error,
});

const service = (asked: Asked): Check => ({
  id: 'multipass-service',
  title: 'multipass service',
  applicable: asked.isInstalled,
  run: async () => {
    const { platform } = asked.input;
    const command = cmd('multipass', ...statesArgs);
    const result = await asked.ask(statesArgs);
    const hangs = `hangs: no answer within ${ANSWER_MS / 1000} s`;
    if (result.timedOut) return named('MULTIPASS_WEDGED', hangs, restartCommand(platform));
    const error = serviceError(command, result, platform);
    if (error !== undefined) return explain(error);
    return result.exitCode === 0 ? good('answers') : explain(commandError(command, result, platform));
  },
});

/** What kglab uses but this version lacks, as the end of a sentence. */
const lacks = (version: string, driver: string): string => {
  const { forceStop } = featuresOf(version, driver);
  return forceStop ? '' : '; older than 1.14 has no stop --force, so kglab powers machines off from inside';
};

const versions = (asked: Asked): Check => ({
  id: 'multipass-version',
  title: 'multipass version',
  applicable: asked.isReachable,
  run: async () => {
    const { client, daemon = client } = parseVersions((await asked.ask(versionArgs)).stdout);
    if (!isSupported(daemon))
      return bad(`${daemon}; ${OLDEST} or later is needed`, upgrade(asked.input.platform));
    const found = client === daemon ? daemon : `service ${daemon}, client ${client}: restart the service`;
    return good(`${found}${lacks(daemon, await asked.driver())}`);
  },
});

const upgrade = (platform: Platform): string =>
  platform === 'linux' ? 'sudo snap refresh multipass' : installAdvice(platform);

const driver = (asked: Asked): Check => ({
  id: 'multipass-driver',
  title: 'multipass hypervisor',
  applicable: asked.isReachable,
  run: async () => {
    const name = await asked.driver();
    if (name === 'virtualbox')
      return bad(
        'virtualbox: its machines do not reach each other',
        'multipass set local.driver=qemu (macOS) or hyperv (Windows Pro): existing instances stay with the old driver',
      );
    if (['lxd', 'libvirt'].includes(name))
      return good(`${name}, which multipass 1.17 removes. Switch: multipass set local.driver=qemu`);
    return good(name === '' ? 'unknown' : name);
  },
});

const kvm = (asked: Asked): Check => ({
  id: 'kvm',
  title: 'Virtualisation (KVM)',
  applicable: async () =>
    asked.input.platform === 'linux' && (await asked.isReachable()) && (await asked.driver()) === 'qemu',
  run: async () => {
    const device = await asked.ask(['-c', 'test -e /dev/kvm'], 'sh');
    if (device.exitCode !== 0)
      return bad(
        'no /dev/kvm',
        'Enable virtualisation in the firmware, or nested virtualisation if this is a VM',
      );
    const plugs = await asked.ask(['connections', 'multipass'], 'snap');
    const row = plugs.stdout.split('\n').find((line) => /multipass:kvm/.test(line));
    // A plug that is not connected has `-` as its slot. Without a row, multipass is not a snap.
    return row !== undefined && /\s-\s/.test(row)
      ? bad('the multipass snap may not use /dev/kvm', 'sudo snap connect multipass:kvm')
      : good('found');
  },
});

const images = (asked: Asked): Check => ({
  id: 'multipass-images',
  title: 'Image servers',
  applicable: asked.isReachable,
  run: async () => {
    const args = ['find', '24.04', '--format', 'json'];
    const result = await asked.ask(args);
    if (result.exitCode === 0 && !result.timedOut) return good('reachable');
    // Not a failure: an existing lab needs no image and can be repaired without one.
    return good(
      `unreachable, so no new machines: check network, VPN and proxy (after a change of proxy: ${restartCommand(asked.input.platform)})`,
    );
  },
});

/** States in which an instance occupies a name or resources but cannot be used. */
const ODD = new Set(['Unknown', 'Deleted', 'Unavailable']);

const instances = (asked: Asked): Check => ({
  id: 'multipass-instances',
  title: 'multipass instances',
  applicable: asked.isReachable,
  run: async () => {
    const all = parseList((await asked.ask(statesArgs)).stdout);
    const odd = all
      .filter(({ state }) => ODD.has(state))
      .map(({ name, state }) => `${name} (${state.toLowerCase()})`);
    return good(
      `${all.length} instance${all.length === 1 ? '' : 's'}${odd.length === 0 ? '' : `; unusable: ${odd.join(', ')}`}`,
    );
  },
});

const firewall = (asked: Asked): Check => ({
  id: 'forwarding',
  title: 'Firewall for machines',
  applicable: async () => asked.input.platform === 'linux' && (await asked.isReachable()),
  run: async () => {
    const { exitCode, stdout } = await asked.input.host.exec(sh('iptables -w -S FORWARD 2>/dev/null'), {
      timeoutMs: ANSWER_MS,
    });
    if (exitCode !== 0 || !stdout.includes('-P FORWARD DROP') || stdout.includes('mpqemubr0'))
      return good('open');
    return good(
      'the host firewall drops forwarded packets (often because of Docker). If machines cannot install packages, run: sudo iptables -I FORWARD -i mpqemubr0 -j ACCEPT; sudo iptables -I FORWARD -o mpqemubr0 -j ACCEPT',
    );
  },
});

const windows = (asked: Asked): Check => ({
  id: 'windows',
  title: 'Windows host',
  applicable: () => asked.input.platform === 'win32',
  run: async () =>
    bad(
      'multipass exec reads no piped input on Windows, but kglab needs it to send files',
      'Use kglab in WSL 2 with provider: nspawn, or a Linux or macOS host',
    ),
});

const memory = (): Check => ({
  id: 'memory',
  title: 'Memory',
  applicable: () => true,
  run: async () => {
    const found = `${(totalmem() / GIB).toFixed(1)} GiB`;
    return totalmem() >= MEMORY ? good(found) : bad(`${found}; a lab needs 4 GiB`);
  },
});

/** What a host needs for virtual machines of multipass. */
export const multipassChecks = (input: MultipassCheckInput): readonly Check[] => {
  const asked = new Asked(input);
  const of = [installed, service, versions, driver, kvm, images, instances, firewall, windows];
  const host = multipassHostChecks({ ...input, isReachable: asked.isReachable });
  return [...of.map((make) => make(asked)), memory(), ...host];
};
