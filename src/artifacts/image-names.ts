import type { Artifacts, ImageChoice } from './artifacts.js';

/** Whether the first part of a reference names a registry, by the rule of the Docker client. */
const isRegistry = (part: string): boolean => part === 'localhost' || /[.:]/.test(part);

/** Writes an image reference in full: `busybox` becomes `docker.io/library/busybox:latest`. */
export const normalizeImage = (ref: string): string => {
  const [first = '', ...rest] = ref.split('/');
  const named = rest.length > 0 && isRegistry(first);
  const registry = named ? first.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io';
  const path = named ? rest.join('/') : ref;
  const full = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return `${registry}/${full}${/[:@]/.test(full) ? '' : ':latest'}`;
};

/** The last part of the repository: `busybox` of `docker.io/library/busybox:1.37@sha256:…`. */
export const shortName = (ref: string): string =>
  (ref.split('@')[0] ?? '').replace(/:[^/:]*$/, '').replace(/^.*\//, '');

/** Images for a lab that finds none in the k3s release or the extra archives. */
export const DEFAULT_PROVISIONER_IMAGE = 'docker.io/rancher/local-path-provisioner:v0.0.37';
export const DEFAULT_HELPER_IMAGE = 'docker.io/library/busybox:1.37';

/** References from the lab file; each has precedence over images that are found. */
export interface ImageOverrides {
  readonly provisioner?: string | undefined;
  readonly helper?: string | undefined;
  readonly smoke?: string | undefined;
}

/** Names of busybox in k3s bundles (the second in older ones) and elsewhere. */
const BUSYBOX = ['mirrored-library-busybox', 'library-busybox', 'busybox'] as const;

const { compare } = new Intl.Collator('en', { numeric: true });

/** The highest version, so that the choice does not depend on file names. */
const newest = (refs: readonly string[], names: readonly string[]): string | undefined =>
  refs.filter((ref) => names.includes(shortName(ref))).sort((a, b) => compare(b, a))[0];

/** Chooses each image from the lab file, else an extra archive, else the k3s bundle, else the default. */
export const chooseImages = (
  { extraImages, images }: Pick<Artifacts, 'extraImages' | 'images'>,
  overrides: ImageOverrides = {},
): ImageChoice => {
  const extra = extraImages.flatMap(({ refs }) => refs);
  const find = (...names: string[]): string | undefined => newest(extra, names) ?? newest(images, names);
  const helper = overrides.helper ?? find(...BUSYBOX) ?? DEFAULT_HELPER_IMAGE;
  return {
    provisioner: overrides.provisioner ?? find('local-path-provisioner') ?? DEFAULT_PROVISIONER_IMAGE,
    helper,
    smoke: overrides.smoke ?? helper,
  };
};
