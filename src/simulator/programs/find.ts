import { posix } from 'node:path';
import type { Files } from '../world/files.js';
import { UnknownUse, type Program } from './program.js';
import { patternOf } from '../shell/pattern.js';

interface Found {
  readonly path: string;
  readonly depth: number;
}

const walk = (files: Files, path: string, depth: number, deepest: number): Found[] => {
  if (!files.exists(path)) return [];
  const below = files.isDir(path) && depth < deepest ? files.names(path) : [];
  return [{ path, depth }, ...below.flatMap((name) => walk(files, `${path}/${name}`, depth + 1, deepest))];
};

type Test = (found: Found) => boolean;

interface Query {
  readonly roots: string[];
  readonly tests: Test[];
  min: number;
  max: number;
  exec?: { readonly words: readonly string[]; readonly each: boolean };
}

const testOf = (name: string, value: string, files: Files): Test => {
  const fits = patternOf(value);
  if (name === '-name') return ({ path }) => fits.test(posix.basename(path));
  if (name === '-path') return ({ path }) => fits.test(path);
  if (name === '-size' && value === '+0') return ({ path }) => files.read(path) !== '';
  if (name === '-type' && 'fd'.includes(value)) return ({ path }) => files.isDir(path) === (value === 'd');
  throw new UnknownUse(`find ${name}`);
};

const parse = (args: readonly string[], files: Files): Query => {
  const query: Query = { roots: [], tests: [], min: 0, max: Infinity };
  const rest = [...args];
  const word = (): string => rest.shift() ?? '';
  while (rest[0] !== undefined && !/^[-!]/.test(rest[0])) query.roots.push(word());
  let not = false;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '!') not = true;
    else if (arg === '-mindepth') query.min = Number(word());
    else if (arg === '-maxdepth') query.max = Number(word());
    else if (arg === '-exec') {
      const end = rest.findIndex((one) => one === ';' || one === '+');
      const words = rest.splice(0, end + 1);
      query.exec = { words: words.slice(0, -1), each: words.at(-1) === ';' };
    } else if (arg !== '-print') {
      const [test, isNot] = [testOf(arg, word(), files), not];
      query.tests.push((found) => test(found) !== isNot);
      not = false;
    }
  }
  return query;
};

/** find(1), as far as kglab's scripts use it. */
export const find: Program = async (call) => {
  const { roots, tests, min, max, exec } = parse(call.args, call.files);
  const found = roots
    .flatMap((root) => walk(call.files, root, 0, max))
    .filter((one) => one.depth >= min && tests.every((test) => test(one)))
    .map(({ path }) => path);
  if (exec === undefined) {
    for (const path of found) call.io.out(`${path}\n`);
    return 0;
  }
  const filled = (paths: readonly string[]): string[] =>
    exec.words.flatMap((one) => (one === '{}' ? [...paths] : [one]));
  if (exec.each) for (const path of found) await call.run(filled([path]));
  else if (found.length > 0) await call.run(filled(found));
  return 0;
};
