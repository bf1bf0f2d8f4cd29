import { CliError } from '../errors/cli-error.js';

/** `v1.36.2+k3s1`, `v1.37.0-rc1+k3s1`. */
const TAG = /^v(\d+)\.(\d+)\.(\d+)(?:-([a-z]+)\.?(\d+))?\+k3s(\d+)$/;

/** Whether a text is the tag of a k3s release. */
export const isVersion = (text: string): boolean => TAG.test(text);

/** Returns the tag; throws USAGE when it is none (it becomes part of paths and URLs, so nothing else may pass). */
export const checkVersion = (text: string): string => {
  if (isVersion(text)) return text;
  throw new CliError('USAGE', `"${text}" is not the tag of a k3s release.`, {
    hint: 'Release tags look like v1.36.2+k3s1.',
  });
};

/** A release stands above all its candidates, whatever their number. */
const FINAL = Number.MAX_SAFE_INTEGER;

const rank = (version: string): readonly number[] => {
  const [, major, minor, patch, stage, candidate, build] = TAG.exec(version) ?? [];
  // alpha, beta and rc are in alphabetical order already.
  const stageRank = stage === undefined ? FINAL : stage.charCodeAt(0);
  return [major, minor, patch, stageRank, candidate, build].map((part) => Number(part ?? 0));
};

/** Orders release tags: by version, candidates before their release, then by the k3s build. Oldest first in a sort. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [rank(a), rank(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
};
