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
  /** Home folder of the user; a snap may not stand elsewhere. */
  readonly home: string;
}

/** What the daemon gets to answer before it counts as hanging, in milliseconds. */
const ANSWER_MS = 30_000;

/** Three machines of 2 GiB use 4 GiB before any workload. In bytes. */
const MEMORY = 4 * 1024 ** 3;
const GIB = 1024 ** 3;

/** A finding that has a code of its own, which `up` then ends with. */
const named = (code: ErrorCode, found: string, command: string): Finding => ({
  ...bad(found, command),
  error: new CliError(code, `multipass: ${found}.`, { hint: `${command}\nThen run the same again.` }),
});

/** Every question to multipass, each asked once for all checks. */
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

  /** The program answers at all; what needs it is not worth checking otherwise. */
  isInstalled = async (): Promise<boolean> => (await this.ask(versionArgs)).exitCode !== 127;

  /** The daemon answers this user. */
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
  title: 'Program multipass',
  applicable: () => true,
  run: async () => {
    if (await asked.isInstalled()) return good('there');
    const { platform } = asked.input;
    for (const place of PLACES[platform] ?? []) {
      if ((await asked.ask(['version'], place)).exitCode !== 0) continue;
      return bad(`only as ${place}`, 'Put its folder into PATH');
    }
    return named('MULTIPASS_MISSING', 'not installed', installAdvice(platform));
  },
});

/** What a failed call comes down to, and its advice. */
const explain = (error: CliError): Finding => ({
  ...bad(error.details[0] ?? error.message, ...(error.hint ?? '').split('\n').filter(Boolean)),
  error,
});

const service = (asked: Asked): Check => ({
  id: 'multipass-service',
  title: 'Service of multipass',
  applicable: asked.isInstalled,
  run: async () => {
    const { platform } = asked.input;
    const command = cmd('multipass', ...statesArgs);
    const result = await asked.ask(statesArgs);
    const hangs = `no answer within ${ANSWER_MS / 1000} s: it hangs`;
    if (result.timedOut) return named('MULTIPASS_WEDGED', hangs, restartCommand(platform));
    const error = serviceError(command, result, platform);
    if (error !== undefined) return explain(error);
    return result.exitCode === 0 ? good('answers') : explain(commandError(command, result, platform));
  },
});

/** What a version lacks that kglab makes use of. */
const lacks = (version: string, driver: string): string => {
  const { forceStop } = featuresOf(version, driver);
  return forceStop ? '' : '; power cuts are made inside of the machines (no stop --force before 1.14)';
};

const versions = (asked: Asked): Check => ({
  id: 'multipass-version',
  title: 'Version of multipass',
  applicable: asked.isReachable,
  run: async () => {
    const { client, daemon = client } = parseVersions((await asked.ask(versionArgs)).stdout);
    if (!isSupported(daemon))
      return bad(`${daemon}; ${OLDEST} or later is needed`, upgrade(asked.input.platform));
    const differs = client === daemon ? '' : ` (the program itself is ${client}: restart the service)`;
    return good(`${daemon}${differs}${lacks(daemon, await asked.driver())}`);
  },
});

const upgrade = (platform: Platform): string =>
  platform === 'linux' ? 'sudo snap refresh multipass' : installAdvice(platform);

const driver = (asked: Asked): Check => ({
  id: 'multipass-driver',
  title: 'Hypervisor of multipass',
  applicable: asked.isReachable,
  run: async () => {
    const name = await asked.driver();
    if (name === 'virtualbox')
      return bad(
        'virtualbox, in which machines do not reach each other',
        'multipass set local.driver=qemu (macOS) or hyperv (Windows Pro): your instances stay with the old driver',
      );
    if (['lxd', 'libvirt'].includes(name))
      return good(`${name}; deprecated, and gone in multipass 1.17: multipass set local.driver=qemu`);
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
        'Switch on virtualisation in the firmware, or nested virtualisation if this is a VM',
      );
    const plugs = await asked.ask(['connections', 'multipass'], 'snap');
    const row = plugs.stdout.split('\n').find((line) => /multipass:kvm/.test(line));
    // Neither of a snap nor of a plug that is connected there is more to say.
    return row !== undefined && /\s-\s/.test(row)
      ? bad('the snap may not use it', 'sudo snap connect multipass:kvm')
      : good('there');
  },
});

const images = (asked: Asked): Check => ({
  id: 'multipass-images',
  title: 'Image servers',
  applicable: asked.isReachable,
  run: async () => {
    const args = ['find', '24.04', '--format', 'json'];
    const result = await asked.ask(args);
    if (result.exitCode === 0 && !result.timedOut) return good('in reach');
    // A lab that is there needs no image: this alone must not keep anybody from repairing it.
    return good(
      `out of reach: no new machines until network, VPN and proxy are seen to (${restartCommand(asked.input.platform)} after a change of proxy)`,
    );
  },
});

/** States in which an instance holds a name or resources without being of use. */
const ODD = new Set(['Unknown', 'Deleted', 'Unavailable']);

const instances = (asked: Asked): Check => ({
  id: 'multipass-instances',
  title: 'Instances of multipass',
  applicable: asked.isReachable,
  run: async () => {
    const all = parseList((await asked.ask(statesArgs)).stdout);
    const odd = all
      .filter(({ state }) => ODD.has(state))
      .map(({ name, state }) => `${name} ${state.toLowerCase()}`);
    return good(`${all.length}${odd.length === 0 ? '' : `; ${odd.join(', ')}`}`);
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
      'drops what is forwarded (Docker does that): if machines cannot install packages, sudo iptables -I FORWARD -i mpqemubr0 -j ACCEPT; sudo iptables -I FORWARD -o mpqemubr0 -j ACCEPT',
    );
  },
});

const windows = (asked: Asked): Check => ({
  id: 'windows',
  title: 'Windows as a host',
  applicable: () => asked.input.platform === 'win32',
  run: async () =>
    bad(
      'multipass exec takes no piped input there, and kglab sends files that way',
      'Use kglab in WSL 2 with provider: nspawn, or a Linux or macOS host',
    ),
});

const memory = (): Check => ({
  id: 'memory',
  title: 'Memory',
  applicable: () => true,
  run: async () => {
    const found = `${(totalmem() / GIB).toFixed(1)} GiB`;
    return totalmem() >= MEMORY ? good(found) : bad(`${found}; virtual machines of a lab need 4 GiB`);
  },
});

/** What a host must offer for virtual machines by multipass. */
export const multipassChecks = (input: MultipassCheckInput): readonly Check[] => {
  const asked = new Asked(input);
  const of = [installed, service, versions, driver, kvm, images, instances, firewall, windows];
  const host = multipassHostChecks({ ...input, isReachable: asked.isReachable });
  return [...of.map((make) => make(asked)), memory(), ...host];
};
