import { describe, expect, it } from 'vitest';
import { cmd } from '../../../../src/exec/command.js';
import { commandError, serviceError } from '../../../../src/providers/multipass/errors.js';
import { launchEnd } from '../../../../src/providers/multipass/launch.js';

const SOCKET = '/var/snap/multipass/common/multipass_socket';
const result = (stderr: string, exitCode = 2) => ({ exitCode, stdout: '', stderr, durationMs: 1 });
const command = cmd('multipass', 'launch', '24.04');

describe('errors of the service', () => {
  it.each([
    [
      `list failed: cannot connect to the multipass socket\nPlease ensure multipassd is running and '${SOCKET}' is accessible\n`,
      'MULTIPASS_DAEMON_DOWN',
      'snap restart multipass',
    ],
    [
      "[2026-01-01] [error] [client] Caught an unhandled exception: failed to open file '/x/multipass_root_cert.pem': No such file or directory(2)\n",
      'MULTIPASS_DAEMON_DOWN',
      'wait a little',
    ],
    [
      `list failed: multipass socket access denied\nPlease check …\n`,
      'MULTIPASS_SOCKET_DENIED',
      'usermod -aG sudo',
    ],
    [
      `list failed: The client is not authenticated with the Multipass service.\n`,
      'MULTIPASS_NOT_AUTHENTICATED',
      'multipass authenticate',
    ],
  ])('%s', (stderr, code, advice) => {
    const error = serviceError(command, result(stderr), 'linux');
    expect(error?.code).toBe(code);
    expect(error?.hint).toContain(advice);
  });

  it('reports MULTIPASS_MISSING when the program is not installed', () => {
    const missing = { ...result('multipass: command not found\n', 127) };
    expect(serviceError(command, missing, 'darwin')).toMatchObject({
      code: 'MULTIPASS_MISSING',
      message: 'The program multipass was not found',
      hint: 'brew install --cask multipass',
    });
  });

  it.each(['linux', 'darwin', 'win32'] as const)('says how to restart the service on %s', (platform) => {
    const { hint } = serviceError(command, result('cannot connect to the multipass socket'), platform) ?? {};
    const restart = { linux: 'snap restart', darwin: 'launchctl kickstart', win32: 'Restart-Service' };
    expect(hint).toContain(restart[platform]);
  });

  it('returns undefined for every other result', () => {
    expect(serviceError(command, result('instance "x" does not exist'), 'linux')).toBeUndefined();
    expect(serviceError(command, { ...result('cannot connect', 0) }, 'linux')).toBeUndefined();
  });
});

describe('errors of commands', () => {
  it.each([
    ['Remote "" is unknown or unreachable.', 'MULTIPASS_IMAGE'],
    ["failed to download from 'https://…': timeout", 'MULTIPASS_IMAGE'],
    ['Downloaded image hash does not match', 'MULTIPASS_IMAGE'],
    ['Unable to find an image matching "foo" in remote "".', 'MULTIPASS_IMAGE'],
    ['KVM support is not enabled on this machine.', 'MULTIPASS_HOST'],
    ['The KVM device cannot be opened for reading and writing.', 'MULTIPASS_HOST'],
    ['Another virtual machine manager is currently running. Please shut it down', 'MULTIPASS_HOST'],
    ['The Hyper-V Windows feature is disabled.', 'MULTIPASS_HOST'],
    ['Not enough memory in the system to start the virtual machine', 'MULTIPASS_HOST'],
    ['Available disk (1 bytes) below minimum for this image (2 bytes)', 'MULTIPASS_HOST'],
    ["exec failed: ssh connection failed: 'No route to host'", 'MACHINE_UNREACHABLE'],
    ['exec failed: Cannot retrieve credentials in unknown state', 'MACHINE_UNREACHABLE'],
    ['something never seen', 'MULTIPASS_FAILED'],
  ])('%s', (stderr, code) => {
    const error = commandError(command, result(`launch failed: ${stderr}\n`), 'linux');
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(/\S.{10}/);
    expect(error.details.join('\n')).toContain(stderr.slice(0, 20));
    expect(error.pasteable).toBe('multipass launch 24.04');
  });
});

describe('output shown in an error', () => {
  const CLEAR = '\u001b[2K\u001b[0A\u001b[0E';
  const SPINNER = `${CLEAR}Waiting for initialization  ${'\b/\b-\b\\\b|'.repeat(9_000)}\b ${CLEAR}`;

  it('has no spinner frames and no control sequences', () => {
    const stdout = `${CLEAR}Creating a  \b/\b \r${SPINNER}\rRetrieving image: 9%\rRetrieving image: 45%`;
    const stderr = `${CLEAR}launch failed: \nsomething never seen\n`;
    const { details } = commandError(command, { ...result(stderr), stdout }, 'linux');
    expect(details).toEqual(['Retrieving image: 45%', 'launch failed:', 'something never seen']);
  });

  it('ends with the last line of the spinner when the client was killed', () => {
    const stdout = `${CLEAR}Starting a  \b/\b-`;
    expect(commandError(command, { ...result(''), stdout }, 'linux').details).toEqual(['Starting a -']);
  });
});

describe('launchEnd', () => {
  it.each([
    [0, '', 'made'],
    [5, 'Timed out waiting for instance launch.', 'unknown'],
    [
      2,
      'launch failed: The following errors occurred:\ntimed out waiting for initialization to complete',
      'unknown',
    ],
    [2, 'launch failed: instance "a" is being prepared', 'taken'],
    [2, 'launch failed: The following errors occurred:\na: timed out waiting for response', 'broken'],
    [2, 'launch failed: instance "a" already exists', 'taken'],
    [2, 'launch failed: Downloaded image hash does not match', 'stale'],
    [2, 'launch failed: Remote "" is unknown or unreachable.', 'offline'],
    [2, 'launch failed: Invalid arguments supplied\nInvalid memory size value supplied: 64M.', 'refused'],
    [1, "Unknown option 'zone'.", 'refused'],
  ])('exit %i, %j: %s', (exitCode, stderr, end) => expect(launchEnd({ exitCode, stderr })).toBe(end));
});
