import { CliError } from '../errors/cli-error.js';
import { quote } from '../exec/command.js';
import type { Arch } from './arch.js';
import { K3S_RELEASES_URL } from './defaults.js';
import { binaryName, IMAGES_LIST, publishedAirgap, sumsName } from './release-files.js';

/** Address of a file of a release; `+` must be written `%2B` in it. */
export const releaseUrl = (baseUrl: string, version: string, file: string): string =>
  `${baseUrl.replace(/\/+$/, '')}/${encodeURIComponent(version)}/${file}`;

/** The commands that bring a release to a host without internet. */
export const offlineWay = (version: string, arch: Arch): string => {
  const dir = quote(`k3s-${version}-${arch}`);
  const files = [binaryName(arch), sumsName(arch), publishedAirgap(version, arch), IMAGES_LIST];
  return [
    'On a machine that reaches it:',
    `  mkdir ${dir} && cd ${dir}`,
    ...files.map((file) => `  curl -fLO ${releaseUrl(K3S_RELEASES_URL, version, file)}`),
    'Bring the folder to this host, then:',
    `  kglab cache add ${dir}`,
  ].join('\n');
};

/** The error for a release that is neither cached nor to be had from where it is published. */
export const unavailable = (
  { version, arch }: { readonly version: string; readonly arch: Arch },
  why: string,
  cause?: unknown,
): CliError =>
  new CliError('ARTIFACT_MISSING', `k3s ${version} (${arch}) is not in the cache, and ${why}.`, {
    hint: offlineWay(version, arch),
    cause,
  });
