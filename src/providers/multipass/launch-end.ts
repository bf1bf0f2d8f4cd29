import type { CommandResult } from '../../exec/command.js';

/**
 * How a launch ended. `unknown`: the daemon may still be at it, so look. `broken`: an instance without SSH is left
 * behind. `stale`: the image's checksum is that of another day. `taken`: the name is in use, if only by a launch under way. `refused`: nothing was made.
 */
export type LaunchEnd = 'made' | 'unknown' | 'broken' | 'stale' | 'offline' | 'taken' | 'refused';

/** Exit code of a client whose own timer fired; the daemon carries on. */
export const CLIENT_TIMEOUT = 5;

const BY_TEXT: readonly (readonly [RegExp, LaunchEnd])[] = [
  [/timed out waiting for initialization to complete/, 'unknown'],
  [/timed out waiting for response/, 'broken'],
  [/image hash does not match/, 'stale'],
  [/is unknown or unreachable|failed to download from/, 'offline'],
  [/already exists|is being prepared/, 'taken'],
];

/** Reads the end of a launch from its exit code and from what it said. */
export const launchEnd = ({ exitCode, stderr }: Pick<CommandResult, 'exitCode' | 'stderr'>): LaunchEnd => {
  if (exitCode === 0) return 'made';
  if (exitCode === CLIENT_TIMEOUT) return 'unknown';
  return BY_TEXT.find(([text]) => text.test(stderr))?.[1] ?? 'refused';
};
