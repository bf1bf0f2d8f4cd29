import { basename } from 'node:path';
import { sha256 } from '../util/checksum.js';
import type { Arch } from './arch.js';
import type { Artifacts } from './artifacts.js';
import { DEFAULT_K3S_VERSION } from './defaults.js';

/** What stands for the content of a release file where machines are simulated. */
export const placeholder = (path: string): string => `kglab: stands for ${basename(path)}\n`;

/** Release files for machines that are only simulated: nothing is downloaded, and no file is read. */
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
