/** The output of `kglab up -o json`. */
export interface Summary {
  readonly changed: number;
  readonly steps: readonly { readonly id: string; readonly outcome: string; readonly because?: string }[];
}

/** The steps that changed something, each with its reason. */
export const changesOf = ({ steps }: Summary): readonly string[] =>
  steps
    .filter(({ outcome }) => outcome === 'changed')
    .map(({ id, because }) => (because === undefined ? id : `${id}: ${because}`));

/** Throws, with the steps and their reasons, if an `up` changed anything. */
export const assertNoChange = (summary: Summary): void => {
  const changes = changesOf(summary);
  if (changes.length > 0) throw new Error(`up had something to do: ${changes.join('; ')}`);
};
