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
