import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import type { Executor } from '../exec/command.js';
import type { Artifacts } from './artifacts.js';
import { checksumOf, type Checksums, parseChecksums } from './checksums.js';
import { download, progressLines } from './download.js';
import { K3S_RELEASES_URL, releaseUrl } from './published-release.js';
import { installRelease } from './release-folder.js';
import { airgapNames, type Arch, binaryName, checkVersion, IMAGES_LIST, sumsName } from './release-names.js';
import { resolveArtifacts } from './resolve-artifacts.js';
import { withStaging } from './staging.js';
import { BadStatus, get, type Web } from './web.js';

export interface ProbeOptions extends Web {
  readonly version: string;
  readonly arch: Arch;
}

/** The files of a published release. */
export interface PublishedRelease {
  /** The checksum file as published. */
  readonly sumsText: string;
  readonly checksums: Checksums;
  readonly binary: { readonly fileName: string; readonly sha256: string };
  readonly airgap: { readonly fileName: string; readonly sha256: string };
}

/** Longest silence of the server, in milliseconds: short, as the user sees no progress yet. */
const PROBE_STALL = 10_000;

/**
 * Downloads the checksum file of a published release (1 KB): the cheapest check that the release exists.
 * Throws ARTIFACT_MISSING when that fails, ARTIFACT_CHECKSUM when the checksum of a file is missing.
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

export interface FetchOptions extends ProbeOptions {
  readonly cacheDir: string;
  readonly host: Executor;
  /** Called with progress, at most once a second. */
  readonly onLine?: ((line: string) => void) | undefined;
}

const NOT_FOUND = 404;

/** Ignores that the server does not have an optional file. */
const unlessAbsent = async (downloading: Promise<void>): Promise<void> => {
  try {
    await downloading;
  } catch (error) {
    const absent =
      error instanceof CliError && error.cause instanceof BadStatus && error.cause.status === NOT_FOUND;
    if (!absent) throw error;
  }
};

const fill = async (dir: string, options: FetchOptions): Promise<void> => {
  const { version, arch, baseUrl = K3S_RELEASES_URL, clock } = options;
  const { sumsText, checksums, binary, airgap } = await probeRelease(options);
  const progress = progressLines(clock, options.onLine);
  const load = (name: string): Promise<void> =>
    download({
      web: options,
      release: options,
      url: releaseUrl(baseUrl, version, name),
      to: join(dir, name),
      cacheDir: options.cacheDir,
      sha256: checksums.get(name),
      progress,
    });
  await mkdir(dir);
  await writeFile(join(dir, sumsName(arch)), sumsText, { flush: true });
  await unlessAbsent(load(IMAGES_LIST));
  await load(binary.fileName);
  await chmod(join(dir, binary.fileName), 0o755);
  await load(airgap.fileName);
};

/**
 * Returns the files of a release, after downloading them if the cache does not have them.
 * Throws ARTIFACT_MISSING (with the commands for a host without internet), ARTIFACT_CHECKSUM, HOST_NO_SPACE, or the
 * reason of an aborted signal; the cache is then unchanged.
 */
export const fetchArtifacts = async (options: FetchOptions): Promise<Artifacts> => {
  const { arch, cacheDir, host, clock } = options;
  const known = await resolveArtifacts({ version: options.version, arch, cacheDir, host });
  if (known.state === 'cached') return known;
  const { version } = known;
  await withStaging(cacheDir, clock, async (staging) => {
    await fill(join(staging, 'entry'), { ...options, version });
    await installRelease(staging, { version, arch, cacheDir });
  });
  return resolveArtifacts({ version, arch, cacheDir, host, offline: true });
};
