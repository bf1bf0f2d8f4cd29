import { CliError } from '../errors/cli-error.js';
import { cmd, type Executor } from '../exec/command.js';

/** Architectures, as k3s names them in its release files. */
export const ARCHES = ['amd64', 'arm64'] as const;
export type Arch = (typeof ARCHES)[number];

const BY_MACHINE: Readonly<Record<string, Arch>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

/** The architecture of the host, from `uname -m`. Throws HOST_UNFIT when kglab has no release files for it. */
export const hostArch = async (host: Executor): Promise<Arch> => {
  const { stdout } = await host.exec(cmd('uname', '-m'));
  const arch = BY_MACHINE[stdout.trim()];
  if (arch !== undefined) return arch;
  throw new CliError(
    'HOST_UNFIT',
    `The architecture of this host is "${stdout.trim()}"; kglab needs amd64 or arm64.`,
  );
};

/** `v1.36.2+k3s1`, `v1.37.0-rc1+k3s1`. */
const TAG = /^v(\d+)\.(\d+)\.(\d+)(?:-([a-z]+)\.?(\d+))?\+k3s(\d+)$/;

/** Whether a text is a k3s release tag. */
export const isVersion = (text: string): boolean => TAG.test(text);

/** Returns the tag; throws USAGE when it is not one: it becomes part of paths and URLs. */
export const checkVersion = (text: string): string => {
  if (isVersion(text)) return text;
  throw new CliError('USAGE', `"${text}" is not a k3s release tag.`, {
    hint: 'Release tags look like v1.36.2+k3s1.',
  });
};

/** Rank of a release: above all its candidates. */
const FINAL = Number.MAX_SAFE_INTEGER;

const rank = (version: string): readonly number[] => {
  const [, major, minor, patch, stage, candidate, build] = TAG.exec(version) ?? [];
  // alpha, beta and rc are in alphabetical order already.
  const stageRank = stage === undefined ? FINAL : stage.charCodeAt(0);
  return [major, minor, patch, stageRank, candidate, build].map((part) => Number(part ?? 0));
};

/** Compares release tags for a sort, oldest first: by version, candidates before their release, then by k3s build. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [rank(a), rank(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
};

/** The release for a lab file without a version, when the cache is empty. */
export const DEFAULT_K3S_VERSION = 'v1.36.2+k3s1';

/** The optional list of images in the bundle, one reference per line. */
export const IMAGES_LIST = 'k3s-images.txt';

/** Name of the k3s binary of an architecture. */
export const binaryName = (arch: Arch): string => (arch === 'amd64' ? 'k3s' : `k3s-${arch}`);

/** Name of the file with the checksums of an architecture. */
export const sumsName = (arch: Arch): string => `sha256sum-${arch}.txt`;

/** Possible names of the image bundle, the smallest download first. */
export const airgapNames = (arch: Arch): readonly [string, ...string[]] => [
  `k3s-airgap-images-${arch}.tar.zst`,
  `k3s-airgap-images-${arch}.tar.gz`,
  `k3s-airgap-images-${arch}.tar`,
];
