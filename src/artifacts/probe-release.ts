import type { Arch } from './arch.js';
import { checksumOf, parseChecksums, type Checksums } from './checksums.js';
import { K3S_RELEASES_URL } from './defaults.js';
import { releaseUrl } from './offline-way.js';
import { airgapNames, binaryName, sumsName } from './release-files.js';
import { checkVersion } from './version.js';
import { get, type Web } from './web.js';

export interface ProbeOptions extends Web {
  readonly version: string;
  readonly arch: Arch;
}

/** What a published release has. */
export interface PublishedRelease {
  /** The checksum file as published. */
  readonly sumsText: string;
  readonly checksums: Checksums;
  readonly binary: { readonly fileName: string; readonly sha256: string };
  readonly airgap: { readonly fileName: string; readonly sha256: string };
}

/** The people who wait for a probe have not yet seen anything happen. Milliseconds. */
const PROBE_STALL = 10_000;

/**
 * Reads the checksum file of a published release (1 KB): the cheap proof that it exists and can be reached.
 * Throws ARTIFACT_MISSING when not, ARTIFACT_CHECKSUM when the file lacks the checksums we need.
 */
export const probeRelease = async (options: ProbeOptions): Promise<PublishedRelease> => {
  const { arch, baseUrl = K3S_RELEASES_URL, stallMs = PROBE_STALL } = options;
  const url = releaseUrl(baseUrl, checkVersion(options.version), sumsName(arch));
  const sumsText = await get({ ...options, stallMs }, options, url, (response) => response.text());
  const checksums = parseChecksums(sumsText);
  const file = (fileName: string) => ({ fileName, sha256: checksumOf(checksums, fileName, url) });
  const [preferred, ...older] = airgapNames(arch);
  // Releases before v1.21 have no .zst.
  const airgap = [preferred, ...older].find((name) => checksums.has(name)) ?? preferred;
  return { sumsText, checksums, binary: file(binaryName(arch)), airgap: file(airgap) };
};
