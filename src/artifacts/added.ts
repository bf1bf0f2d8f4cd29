import type { Arch } from './arch.js';

/** What was put into the cache; `already` when the very same was there before. */
export type Added =
  | {
      readonly kind: 'release';
      readonly version: string;
      readonly arch: Arch;
      readonly path: string;
      readonly already: boolean;
    }
  | {
      readonly kind: 'image';
      readonly path: string;
      readonly fileName: string;
      readonly refs: readonly string[];
      readonly already: boolean;
    };
