import { listed } from './problem.js';

/** Edit distance of two words; two swapped neighbours count as one edit (optimal string alignment). */
export const editDistance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, last] = [last, current];
  }
  return last[b.length] ?? 0;
};

/** Longer words are not compared: all known names are shorter. */
const LONGEST = 64;

/** The known words nearest to a word: at most a third of the letters may differ, ignoring case. */
export const nearest = (word: string, known: readonly string[]): readonly string[] => {
  if (word.length > LONGEST) return [];
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(candidate.length === 1 ? 0 : 1, candidate.length / 3),
    );
  const least = Math.min(...ranked.map(({ distance }) => distance));
  return ranked.filter(({ distance }) => distance === least).map(({ candidate }) => candidate);
};

/** Most known words to list in a message. */
const LISTED_MAX = 12;

/** The nearest known words as a question, if there are at most two. */
export const didYouMean = (word: string, known: readonly string[]): string | undefined => {
  const matches = nearest(word, known);
  return matches.length === 0 || matches.length > 2 ? undefined : `did you mean ${listed(matches)}?`;
};

/** A suggestion for an unknown word: the nearest known words, else all known words. */
export const knownWords = (word: string, known: readonly string[]): string | undefined => {
  const all = known.length === 0 ? undefined : `known: ${known.slice(0, LISTED_MAX).join(', ')}`;
  return didYouMean(word, known) ?? (known.length > LISTED_MAX ? `${all}, …` : all);
};
