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
  /** Which lab the machine belongs to. */
  marker: '/etc/kglab/machine',
} as const;

/** File system type of FUSE (statfs(2)), as `stat -f -c %t` prints it: Gluster mounts have it. */
export const FUSE_MAGIC = '65735546';

/** Options of every Gluster mount: no client answers from a cache what another node may have changed. */
export const MOUNT_OPTIONS = 'attribute-timeout=0,entry-timeout=0,negative-timeout=0';

/** Options of a volume with quota: df shows the limits, and every write checks them. */
export const QUOTA_OPTIONS: Readonly<Record<string, string>> = {
  'features.quota-deem-statfs': 'on',
  'features.soft-timeout': '0',
  'features.hard-timeout': '0',
};

/** kglab's own folders on every volume. */
export const STORE = {
  /** One file per PV. */
  catalogue: '.kglab/catalogue',
  /** Requests to the keepers, named `<limit, create or delete>.<directory>`; the answer to one that failed ends in .failed. */
  requests: '.kglab/requests',
  quarantine: '.kglab/quarantine',
  /** One file per dedicated volume, named like the claim's directory. */
  ownVolumes: '.kglab/volumes',
} as const;

/** What the scripts of this folder know of the above: shell variables and their values, quoted where needed. */
export const SHELL_CONSTANTS: Readonly<Record<string, string>> = {
  FUSE_MAGIC,
  MOUNT_OPTIONS,
  QUOTA_OPTIONS: `'${Object.entries(QUOTA_OPTIONS).flat().join(' ')}'`,
  CATALOGUE: STORE.catalogue,
  REQUESTS: STORE.requests,
  QUARANTINE: STORE.quarantine,
  OWN_VOLUMES: STORE.ownVolumes,
  MARKER: PATHS.marker,
  KEEPER: PATHS.keeper,
  KEEPER_ENV: PATHS.keeperEnv,
  KEEPER_TABLE: PATHS.keeperTable,
  KEEPER_TEMPLATE: PATHS.keeperTemplate,
  K3S_IMAGES: PATHS.k3sImages,
  K3S_RESTART: PATHS.k3sRestart,
  K3S_STAMP: PATHS.k3sStamp,
};

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
