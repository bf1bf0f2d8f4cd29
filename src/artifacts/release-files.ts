import { readdir } from 'node:fs/promises';
import type { Arch } from './arch.js';
import { compareVersions, isVersion } from './version.js';

/** The optional list of the images in the bundle, one reference a line. */
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

/** Since this release bundles are published as `.tar.zst`, too (scripts/package-airgap of k3s). */
const FIRST_ZST = 'v1.21.0+k3s1';

/** The smallest bundle that a release was published with. */
export const publishedAirgap = (version: string, arch: Arch): string => {
  const [zst] = airgapNames(arch);
  return isVersion(version) && compareVersions(version, FIRST_ZST) < 0 ? zst.replace(/\.zst$/, '') : zst;
};

/** Names of the files of one release in a folder. */
export interface ReleaseFiles {
  readonly binary: string;
  readonly sums: string;
  readonly airgap: string;
  /** Files that a release can do without. */
  readonly optional: readonly string[];
}

/** Looks for a release in a folder: its files, or the names of those that are missing (also if there is no folder). */
export const findReleaseFiles = async (
  dir: string,
  arch: Arch,
): Promise<{ readonly files: ReleaseFiles } | { readonly missing: readonly string[] }> => {
  const names = new Set(await readdir(dir).catch(() => []));
  const [binary, sums] = [binaryName(arch), sumsName(arch)];
  const airgap = airgapNames(arch).find((name) => names.has(name));
  const missing = [binary, sums].filter((name) => !names.has(name));
  if (airgap === undefined) return { missing: [...missing, airgapNames(arch)[0]] };
  if (missing.length > 0) return { missing };
  return { files: { binary, sums, airgap, optional: [IMAGES_LIST].filter((name) => names.has(name)) } };
};
