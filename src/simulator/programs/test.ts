import { UnknownUse, type Call, type Program } from './program.js';

const FILE_TESTS: Readonly<Record<string, (call: Call, path: string) => boolean>> = {
  '-e': ({ files }, path) => files.exists(path),
  '-d': ({ files }, path) => files.isDir(path),
  '-f': ({ files }, path) => files.exists(path) && !files.isDir(path),
  '-s': ({ files }, path) => files.exists(path) && !files.isDir(path) && files.read(path) !== '',
  '-r': ({ files }, path) => files.exists(path),
  '-w': ({ files }, path) => files.exists(path),
  '-x': ({ files }, path) => /[1357]/.test(files.get(path)?.mode ?? ''),
  '-L': ({ files }, path) => files.own(path)?.kind === 'link',
};

const NUMBERS: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '-eq': (one, other) => one === other,
  '-ne': (one, other) => one !== other,
  '-lt': (one, other) => one < other,
  '-le': (one, other) => one <= other,
  '-gt': (one, other) => one > other,
  '-ge': (one, other) => one >= other,
};

const judge = (words: readonly string[], call: Call): boolean => {
  const [one = '', operator = '', other = ''] = words;
  if (one === '!' && words.length > 1) return !judge(words.slice(1), call);
  if (words.length <= 1) return one !== '';
  if (words.length === 2) {
    if (one === '-n') return operator !== '';
    if (one === '-z') return operator === '';
    const fileTest = FILE_TESTS[one];
    // On a dead mount, every test of a path is false.
    if (fileTest) return safely(() => fileTest(call, operator));
  }
  if (words.length === 3) {
    if (operator === '=' || operator === '==') return one === other;
    if (operator === '!=') return one !== other;
    const compare = NUMBERS[operator];
    if (compare) return compare(Number(one), Number(other));
  }
  throw new UnknownUse(`test ${words.join(' ')}`);
};

const safely = (test: () => boolean): boolean => {
  try {
    return test();
  } catch {
    return false;
  }
};

const test: Program = (call) => {
  const words = call.args.at(-1) === ']' ? call.args.slice(0, -1) : call.args;
  return judge(words, call) ? 0 : 1;
};

/** test(1) and [(1). */
export const TEST_PROGRAMS: Readonly<Record<string, Program>> = { test, '[': test };
