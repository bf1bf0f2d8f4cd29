/** What `kglab up -o json` answers. */
export interface Summary {
  readonly changed: number;
  readonly steps: readonly { readonly id: string; readonly outcome: string; readonly because?: string }[];
}

/** The steps that changed something, each with why. */
export const changesOf = ({ steps }: Summary): readonly string[] =>
  steps
    .filter(({ outcome }) => outcome === 'changed')
    .map(({ id, because }) => (because === undefined ? id : `${id}: ${because}`));

/** Throws with what an `up` did, and why, if it did anything. */
export const assertNoChange = (summary: Summary): void => {
  const changes = changesOf(summary);
  if (changes.length > 0) throw new Error(`up had something to do: ${changes.join('; ')}`);
};
