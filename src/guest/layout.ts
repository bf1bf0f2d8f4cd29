/** Where kglab puts its own files in a machine. */
export const PATHS = {
  /** Run by k3s before it starts: exits 0 when the volumes are mounted. */
  guard: '/usr/local/lib/kglab/mounted',
  keeper: '/usr/local/lib/kglab/keeper',
  keeperTemplate: '/usr/local/lib/kglab/catalogue.tmpl',
  keeperEnv: '/etc/kglab/keeper.env',
  keeperTable: '/etc/kglab/keeper.table',
  keeperUnit: '/etc/systemd/system/kglab-keeper.service',
  k3s: '/usr/local/bin/k3s',
  k3sConfig: '/etc/rancher/k3s/config.yaml',
  k3sImages: '/var/lib/rancher/k3s/agent/images',
  /** What is installed, with checksums; written last. */
  k3sStamp: '/etc/kglab/k3s.installed',
  /** There while k3s has yet to be (re)started for a new configuration, program or image. */
  k3sRestart: '/etc/kglab/k3s.restart',
} as const;

/** Name of the systemd unit of k3s, as its install script calls them. */
export const unitOf = (role: 'server' | 'agent'): string => (role === 'server' ? 'k3s' : 'k3s-agent');

/** Name of the systemd mount unit of a path, escaped as systemd-escape(1) does it. */
export const unitName = (path: string): string => {
  const trimmed = path
    .split('/')
    .filter((part) => part !== '')
    .join('/');
  if (trimmed === '') return '-.mount';
  const escaped = [...new TextEncoder().encode(trimmed)].map((byte, index) => {
    const char = String.fromCharCode(byte);
    if (char === '/') return '-';
    const plain = /[A-Za-z0-9:_.]/.test(char) && !(index === 0 && char === '.');
    return plain ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `${escaped.join('')}.mount`;
};
