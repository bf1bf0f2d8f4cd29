import { CliError } from '../errors/cli-error.js';
import { quote } from '../exec/command.js';
import {
  airgapNames,
  type Arch,
  binaryName,
  compareVersions,
  IMAGES_LIST,
  isVersion,
  sumsName,
} from './release-names.js';

/** Where k3s publishes its releases; `<base>/<tag>/<file>`. */
export const K3S_RELEASES_URL = 'https://github.com/k3s-io/k3s/releases/download';

/** First release with a `.tar.zst` bundle (scripts/package-airgap of k3s). */
const FIRST_ZST = 'v1.21.0+k3s1';

/** Name of the smallest published bundle of a release. */
export const publishedAirgap = (version: string, arch: Arch): string => {
  const [zst] = airgapNames(arch);
  return isVersion(version) && compareVersions(version, FIRST_ZST) < 0 ? zst.replace(/\.zst$/, '') : zst;
};

/** Address of a file of a release; `+` becomes `%2B`. */
export const releaseUrl = (baseUrl: string, version: string, file: string): string =>
  `${baseUrl.replace(/\/+$/, '')}/${encodeURIComponent(version)}/${file}`;

/** The commands that copy a release to a host without internet. */
export const offlineWay = (version: string, arch: Arch): string => {
  const dir = quote(`k3s-${version}-${arch}`);
  const files = [binaryName(arch), sumsName(arch), publishedAirgap(version, arch), IMAGES_LIST];
  return [
    'On a computer with internet access:',
    `  mkdir ${dir} && cd ${dir}`,
    ...files.map((file) => `  curl -fLO ${releaseUrl(K3S_RELEASES_URL, version, file)}`),
    'Copy the folder to this host, then:',
    `  kglab cache add ${dir}`,
  ].join('\n');
};

/** The error for a release that is not in the cache and cannot be downloaded; `why` completes the message. */
export const unavailable = (
  { version, arch }: { readonly version: string; readonly arch: Arch },
  why: string,
  cause?: unknown,
): CliError =>
  new CliError('ARTIFACT_MISSING', `k3s ${version} (${arch}) is not in the cache, and ${why}.`, {
    hint: offlineWay(version, arch),
    cause,
  });
