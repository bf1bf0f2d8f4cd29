import { cmd, type Executor } from '../../exec/command.js';

/** The operating system of the host, as Node names it. */
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

/** Where installers put the program, for hosts whose PATH lacks that folder. */
export const PLACES: Readonly<Partial<Record<Platform, readonly string[]>>> = {
  linux: ['/snap/bin/multipass'],
  darwin: ['/usr/local/bin/multipass', '/opt/homebrew/bin/multipass'],
  win32: [String.raw`C:\Program Files\Multipass\bin\multipass.exe`],
};

/** Exit code of a shell, and of the host's executor, for a missing program. */
const NOT_FOUND = 127;

/** A program that hangs counts as installed. */
const ANSWER_MS = 20_000;

/**
 * Whether the multipass program is on this host; its service may still be down. Runs it in the home folder, because a
 * snap cannot run in other working directories.
 */
export const isInstalled = async (host: Executor, home: string): Promise<boolean> => {
  const version = { ...cmd('multipass', 'version'), cwd: home };
  return (await host.exec(version, { timeoutMs: ANSWER_MS })).exitCode !== NOT_FOUND;
};
