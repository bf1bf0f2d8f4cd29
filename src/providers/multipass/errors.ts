import { stripVTControlCharacters } from 'node:util';
import type { ErrorCode } from '../../errors/catalog.js';
import { CommandError } from '../../exec/checked.js';
import type { Command, CommandResult } from '../../exec/command.js';
import { installAdvice, logCommand, restartCommand, type Platform } from './installation.js';

interface Rule {
  readonly code: ErrorCode;
  readonly match: RegExp;
  readonly advice: (platform: Platform) => string;
}

/** Failures of the daemon itself: the command was not run. */
const SERVICE: readonly Rule[] = [
  {
    code: 'MULTIPASS_DAEMON_DOWN',
    match: /cannot connect to the multipass socket/,
    advice: (platform) =>
      `Start the service: ${restartCommand(platform)}\nIts log: ${logCommand(platform)}${platform === 'win32' ? '\nBehind a proxy, set no_proxy=localhost.' : ''}`,
  },
  {
    code: 'MULTIPASS_DAEMON_DOWN',
    match: /multipass_root_cert\.pem/,
    advice: (platform) =>
      `The service is still starting after its installation: wait a little, then run the same command again.\nIf the error stays: ${restartCommand(platform)}`,
  },
  {
    code: 'MULTIPASS_SOCKET_DENIED',
    match: /multipass socket access denied/,
    advice: (platform) =>
      `Run kglab as a member of the group that may use multipass (sudo, admin or wheel)${platform === 'linux' ? '. To become one: sudo usermod -aG sudo "$USER", then log in again' : ''}.`,
  },
  {
    code: 'MULTIPASS_NOT_AUTHENTICATED',
    match: /not authenticated with the Multipass service/,
    advice: () =>
      '1. Once, as the user who uses multipass already: multipass set local.passphrase\n2. As this user: multipass authenticate',
  },
];

/** Failures of one command. */
const COMMANDS: readonly Rule[] = [
  {
    code: 'MULTIPASS_IMAGE',
    match: /is unknown or unreachable|failed to download from/,
    advice: (platform) =>
      `The image servers are unreachable: check network, VPN and proxy${platform === 'linux' ? ' (the service has its own proxy setting: sudo snap set multipass proxy.http=… proxy.https=…)' : ''}.\nTest it: multipass find 24.04`,
  },
  {
    code: 'MULTIPASS_IMAGE',
    match: /image hash does not match/,
    advice: () => 'The cached list of images is stale: multipass find --force-update\nThen: kglab up',
  },
  {
    code: 'MULTIPASS_IMAGE',
    match: /Unable to find an image matching|is no longer supported|Custom image/,
    advice: () => 'See which images there are (multipass find), and set `image` in lab.yaml.',
  },
  {
    code: 'MULTIPASS_HOST',
    match: /KVM support is not enabled/,
    advice: () => 'Enable virtualisation in the firmware, or nested virtualisation if this host is a VM.',
  },
  {
    code: 'MULTIPASS_HOST',
    match: /KVM device cannot be opened/,
    advice: () => 'sudo snap connect multipass:kvm',
  },
  {
    code: 'MULTIPASS_HOST',
    match: /Another virtual machine manager is currently running/,
    advice: () => 'Shut down VirtualBox, VMware or another hypervisor, then: kglab up',
  },
  {
    code: 'MULTIPASS_HOST',
    match: /Hyper-V|default switch|mshome\.net/i,
    advice: () =>
      'Enable Hyper-V first: Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All',
  },
  {
    code: 'MULTIPASS_HOST',
    match: /Not enough memory in the system|qemu quit unexpectedly/,
    advice: (platform) =>
      `Give the nodes less memory in lab.yaml, or close other programs. The log has more: ${logCommand(platform)}`,
  },
  {
    code: 'MULTIPASS_HOST',
    match: /(Available|Requested) disk \(.*below minimum/,
    advice: () => 'Free some disk space, or set another `disk` in lab.yaml.',
  },
  {
    code: 'MACHINE_UNREACHABLE',
    match:
      /ssh connection failed|ssh failed to authenticate|Failed to connect|No route to host|in unknown state|an unknown state|does not exist|is deleted|is not running/,
    advice: (platform) =>
      `See its state: multipass list\nThen repair the lab: kglab up${platform === 'darwin' ? '\nIf even `multipass exec` fails while the list is fine: allow your terminal under System Settings > Privacy > Local Network.' : ''}`,
  },
];

const findRule = (rules: readonly Rule[], { stderr, stdout }: CommandResult): Rule | undefined =>
  rules.find(({ match }) => match.test(stderr) || match.test(stdout));

/** After these the client overwrites the line: carriage return, or clear line. */
const ANEW = /\r|\u001b\[2K/;

const typed = (text: string): string => {
  let line = '';
  for (const char of text) line = char === '\b' ? line.slice(0, -1) : line + char;
  return line;
};

/** The text as a terminal shows it in the end. The client draws spinners and percentages even into pipes. */
const plainText = (text: string): string =>
  text
    .split('\n')
    .map((line) => typed(stripVTControlCharacters(line.split(ANEW).at(-1) ?? '')).trimEnd())
    .join('\n');

/** A {@link CommandError} whose output is shown as on a terminal. */
export const multipassError = (
  code: ErrorCode,
  command: Command,
  result: CommandResult,
  options: { readonly what: string; readonly ending?: string; readonly hint: string },
): CommandError => {
  const printed = { stdout: plainText(result.stdout), stderr: plainText(result.stderr) };
  return new CommandError(code, 'host', command, { ...result, ...printed }, options);
};

const toError = (rule: Rule, command: Command, result: CommandResult, platform: Platform): CommandError =>
  multipassError(rule.code, command, result, {
    what: `\`multipass ${command.args[0] ?? ''}\``,
    hint: rule.advice(platform),
  });

/** The error when the daemon itself failed; undefined for every other result. */
export const serviceError = (
  command: Command,
  result: CommandResult,
  platform: Platform,
): CommandError | undefined => {
  if (result.exitCode === 0) return undefined;
  if (result.exitCode === 127 && /command not found/.test(result.stderr))
    return multipassError('MULTIPASS_MISSING', command, result, {
      what: 'The program multipass',
      ending: 'was not found',
      hint: installAdvice(platform),
    });
  const rule = findRule(SERVICE, result);
  return rule && toError(rule, command, result, platform);
};

/** The error of a failed command, by its output: the exit codes of multipass are not specific enough. */
export const commandError = (
  command: Command,
  result: CommandResult,
  platform: Platform,
  fallback: ErrorCode = 'MULTIPASS_FAILED',
): CommandError => {
  const rule = findRule([...SERVICE, ...COMMANDS], result) ?? {
    code: fallback,
    match: /./,
    advice: (on: Platform) => `Read the log of the service: ${logCommand(on)}\nThen run \`kglab up\` again.`,
  };
  return toError(rule, command, result, platform);
};
