import { cmd, type Executor } from '../../exec/command.js';

/** The operating system of the host, in Node's words. */
export type Platform = NodeJS.Platform;

/** How to restart the daemon, for a person to paste. */
export const restartCommand = (platform: Platform): string => {
  if (platform === 'darwin') return 'sudo launchctl kickstart -k system/com.canonical.multipassd';
  return platform === 'win32' ? 'Restart-Service Multipass' : 'sudo snap restart multipass';
};

/** Where the daemon writes its log. */
export const logCommand = (platform: Platform): string => {
  if (platform === 'darwin') return 'tail -n 50 /Library/Logs/Multipass/multipassd.log';
  return platform === 'win32'
    ? 'Get-EventLog -LogName Application -Source Multipass -Newest 30'
    : "journalctl -u 'snap.multipass*' -n 50";
};

/** How to install multipass. */
export const installAdvice = (platform: Platform): string => {
  if (platform === 'linux') return 'sudo snap install multipass';
  if (platform === 'darwin') return 'brew install --cask multipass';
  return 'Install it from https://canonical.com/multipass/install';
};

/** Where installers put the program when PATH does not have it. */
export const PLACES: Readonly<Partial<Record<Platform, readonly string[]>>> = {
  linux: ['/snap/bin/multipass'],
  darwin: ['/usr/local/bin/multipass', '/opt/homebrew/bin/multipass'],
  win32: [String.raw`C:\Program Files\Multipass\bin\multipass.exe`],
};

/** What a shell, and the host's executor, say of a program that is not there. */
const NOT_FOUND = 127;

/** A program that hangs is there, too. */
const ANSWER_MS = 20_000;

/**
 * Whether the program multipass is on this host. It may well fail: its service is another matter. It is run in the home
 * folder, as a snap may not even stand in others.
 */
export const isInstalled = async (host: Executor, home: string): Promise<boolean> => {
  const version = { ...cmd('multipass', 'version'), cwd: home };
  return (await host.exec(version, { timeoutMs: ANSWER_MS })).exitCode !== NOT_FOUND;
};
