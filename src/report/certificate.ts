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

const listed = (traces: CertificateView['left']): string[] =>
  traces.map(({ kind, what, why }) => `  ${kind} ${what}: ${why}`);

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...lines];

/** The text below the rows: what is left and why, what could not be checked, and where data is kept. */
export const certificateText = ({ lab, id, left, unsure, kept }: CertificateView): string => {
  const name = `${lab} (id ${id})`;
  const verdict =
    unsure.length === 0
      ? `Nothing is left of lab ${name}.`
      : `Lab ${name} is removed, but kglab could not check everything.`;
  const where = kept.map(({ machine, path }) => `  ${machine}: ${path}`);
  return [
    ...(left.length === 0 ? [verdict] : [`${left.length} things are left of lab ${name}:`, ...listed(left)]),
    ...section('Could not be checked:', listed(unsure)),
    ...section('Data kept; the next `kglab up` of this lab uses it:', where),
    '',
  ].join('\n');
};
