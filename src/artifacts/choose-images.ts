import type { Artifacts, ImageChoice } from './artifacts.js';
import { DEFAULT_HELPER_IMAGE, DEFAULT_PROVISIONER_IMAGE } from './defaults.js';
import { shortName } from './image-name.js';

/** References from the lab file; each wins over what is found. */
export interface ImageOverrides {
  readonly provisioner?: string | undefined;
  readonly helper?: string | undefined;
  readonly smoke?: string | undefined;
}

/** Names of busybox in k3s bundles (the second in older ones) and elsewhere. */
const BUSYBOX = ['mirrored-library-busybox', 'library-busybox', 'busybox'] as const;

const { compare } = new Intl.Collator('en', { numeric: true });

/** Of several versions the highest, so that the choice does not depend on file names. */
const newest = (refs: readonly string[], names: readonly string[]): string | undefined =>
  refs.filter((ref) => names.includes(shortName(ref))).sort((a, b) => compare(b, a))[0];

/** Settles the images: the lab file, else an extra archive, else the k3s bundle, else the default. */
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
