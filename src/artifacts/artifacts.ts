import { basename } from 'node:path';
import { sha256 } from '../util/checksum.js';
import { type Arch, DEFAULT_K3S_VERSION } from './release-names.js';

/** A file of a release in the cache. */
export interface ReleaseFile {
  readonly path: string;
  /** Lower-case hex; empty until the release is downloaded. */
  readonly sha256: string;
}

/** An archive with images that are not part of the k3s release. */
export interface ExtraImage {
  readonly path: string;
  /** Ends in `.tar`, `.tar.gz` or `.tar.zst`, as k3s wants it in its image folder. */
  readonly fileName: string;
  /** Full references of the images in it. */
  readonly refs: readonly string[];
}

/** What a lab needs from the cache. While `to-download`, the files do not exist yet. */
export interface Artifacts {
  /** Release tag, e.g. `v1.36.2+k3s1`. */
  readonly version: string;
  readonly arch: Arch;
  readonly state: 'cached' | 'to-download';
  readonly binary: ReleaseFile;
  readonly airgap?: ReleaseFile & { readonly fileName: string };
  readonly extraImages: readonly ExtraImage[];
  /** Full references of the images in the bundle; empty while `to-download`. */
  readonly images: readonly string[];
}

/** The images that kglab itself runs in the cluster. */
export interface ImageChoice {
  readonly provisioner: string;
  /** For the provisioner's pods that create and remove directories. */
  readonly helper: string;
  readonly smoke: string;
}

/** The content of a release file in the simulator. */
export const placeholder = (path: string): string => `kglab: placeholder of ${basename(path)}\n`;

/** Release files for the simulator: kglab downloads and reads nothing. */
export const placeholderArtifacts = (version: string, arch: Arch): Artifacts => {
  const file = (fileName: string) => ({
    fileName,
    path: `/simulated/${fileName}`,
    sha256: sha256(placeholder(fileName)),
  });
  const { fileName: _name, ...binary } = file('k3s');
  return {
    version: version === 'default' || version === 'cached' ? DEFAULT_K3S_VERSION : version,
    arch,
    state: 'cached',
    binary,
    airgap: file(`k3s-airgap-images-${arch}.tar.zst`),
    extraImages: [],
    images: [],
  };
};
