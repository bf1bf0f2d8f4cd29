import { sha256 } from '../../util/checksum.js';
import { IMAGE_FILES, IMAGE_LINKS } from './image-files.js';

/** The Debian packages of a machine. */
const PACKAGES = [
  // To boot and to run cloud-init.
  ...[
    'systemd',
    'systemd-sysv',
    'dbus',
    'cloud-init',
    'kmod',
    'procps',
    'util-linux',
    'iproute2',
    'iputils-ping',
  ],
  // Gluster; attr to inspect bricks, e2fsprogs (chattr) to seal mount points.
  ...['glusterfs-server', 'glusterfs-client', 'attr', 'e2fsprogs'],
  // Programs that k3s, kubelet and kube-proxy call.
  ...['iptables', 'conntrack', 'openssl', 'zstd', 'curl', 'ca-certificates'],
];

/** Everything that defines an image; its hash is part of the image's name. */
export interface Recipe {
  readonly suite: string;
  readonly arch: string;
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  /** Raise it when the build itself changes. */
  readonly version: number;
}

/** The recipe of the machines' root filesystem. `arch` as Node names it (`x64`, `arm64`). */
export const imageRecipe = (suite: string, arch: string): Recipe => ({
  suite,
  arch,
  packages: PACKAGES,
  files: IMAGE_FILES,
  links: IMAGE_LINKS,
  version: 1,
});

/** Name of the image in the cache: `bookworm-x64-2f6c0d1b9a3e`. */
export const imageName = (recipe: Recipe): string => {
  return `${recipe.suite}-${recipe.arch}-${sha256(JSON.stringify(recipe)).slice(0, 12)}`;
};

/** The codename in an os-release file: `bookworm`. */
export const parseCodename = (osRelease: string): string | undefined =>
  /^VERSION_CODENAME="?([\w-]+)"?$/m.exec(osRelease)?.[1];
