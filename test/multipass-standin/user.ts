/** The environment that sudo gives a command, and that a login of user ubuntu has. */
const SUDO_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin',
  HOME: '/root',
  USER: 'root',
  LOGNAME: 'root',
  SUDO_USER: 'ubuntu',
  SUDO_UID: '1000',
};
const UBUNTU_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin',
  HOME: '/home/ubuntu',
  USER: 'ubuntu',
  LOGNAME: 'ubuntu',
};

/** Options of sudo that take a value. */
const WITH_VALUE = new Set(['-u', '-g', '-p', '-C', '-h']);

/**
 * Words as user ubuntu would run them, for a process that is root: the machines have no sudo, so a first word `sudo`
 * is carried out here, and everything else runs without root's rights.
 */
export const asUbuntu = (
  words: readonly string[],
): { readonly words: readonly string[]; readonly env: Readonly<Record<string, string>> } => {
  if (words[0] !== 'sudo')
    return {
      words: ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', '--', ...words],
      env: UBUNTU_ENV,
    };
  const rest = words.slice(1);
  while (rest[0]?.startsWith('-')) {
    const option = rest.shift() as string;
    if (option === '--') break;
    if (WITH_VALUE.has(option)) rest.shift();
  }
  return { words: rest, env: SUDO_ENV };
};
