import type { Trace } from '../machines/provider.js';

/** What a lab had and what is left of it. */
export interface CertificateView {
  readonly lab: string;
  readonly id: string;
  readonly before: readonly Trace[];
  readonly left: readonly (Trace & { readonly why: string })[];
  readonly unsure: readonly (Trace & { readonly why: string })[];
  readonly kept: readonly { readonly machine: string; readonly path: string }[];
}

const count = (traces: readonly Trace[], kind: string): number =>
  traces.filter((trace) => trace.kind === kind).length;

/** Rows of the certificate: kind, number before, number left; `?` where kglab could not check. */
export const certificateRows = ({ before, left, unsure }: CertificateView): readonly (readonly string[])[] =>
  [...new Set([...before, ...left, ...unsure].map(({ kind }) => kind))].map((kind) => {
    const isKnown = count(unsure, kind) === 0;
    return [kind, ...[before, left].map((traces) => (isKnown ? String(count(traces, kind)) : '?'))];
  });

/** The text below the rows: what is left and why, what could not be checked, and where data is kept. */
export const certificateText = ({ lab, id, left, unsure, kept }: CertificateView): string => {
  const verdict =
    left.length === 0
      ? unsure.length === 0
        ? [`Nothing is left of lab ${lab} (id ${id}).`]
        : [`Lab ${lab} (id ${id}) is removed, as far as kglab can see.`]
      : [
          `${left.length} things are left of lab ${lab} (id ${id}):`,
          ...left.map(({ kind, what, why }) => `  ${kind} ${what}: ${why}`),
        ];
  const where = kept.map(({ machine, path }) => `  ${machine}: ${path}`);
  const note = where.length === 0 ? [] : ['Data kept; the next `kglab up` of this lab uses it:', ...where];
  const open =
    unsure.length === 0
      ? []
      : ['Could not be checked:', ...unsure.map(({ kind, what, why }) => `  ${kind} ${what}: ${why}`)];
  return [...verdict, ...open, ...note, ''].join('\n');
};
