import type { Command } from '../exec/command.js';
import evidence from './evidence.sh';
import files from './files.sh';
import gluster from './gluster.sh';
import guard from './guard.sh';
import hostMount from './host-mount.sh';
import k3s from './k3s.sh';
import keeper from './keeper.sh';
import { SHELL_CONSTANTS } from './layout.js';
import lib from './lib.sh';
import machines from './machines.sh';
import mounts from './mounts.sh';
import provisionerSetup from './provisioner-setup.sh';
import provisionerTeardown from './provisioner-teardown.sh';
import volumes from './volumes.sh';

/** Files of functions, each of which is a script. */
export const FUNCTION_FILES = {
  'evidence.sh': evidence,
  'files.sh': files,
  'gluster.sh': gluster,
  'host-mount.sh': hostMount,
  'k3s.sh': k3s,
  'machines.sh': machines,
  'mounts.sh': mounts,
  'volumes.sh': volumes,
} as const;

/** Scripts that are installed as files. */
export const PROGRAM_FILES = {
  'guard.sh': guard,
  'keeper.sh': keeper,
  'provisioner-setup.sh': provisionerSetup,
  'provisioner-teardown.sh': provisionerTeardown,
} as const;

/** A function at the left margin: on one line, or up to the brace or parenthesis at the left margin that closes it. */
const FUNCTION = /^(\w+)\(\) (?:\{ .*\}$|[{(].*\n(?:.*\n)*?[)}].*$)/gm;

/** The functions of a file by name, without lines that are comments. */
export const functionsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(FUNCTION)].map(([whole, name = '']) => [name, whole.replaceAll(/^\s*#.*\n/gm, '')]),
  );

const SHARED = functionsOf(lib);

const wordsIn = (text: string): ReadonlySet<string> => new Set(text.match(/\w+/g));

/** Those of `known` that the text uses, directly or through others, in the order of `known`; the constants before them. */
const usedBy = (text: string, known: ReadonlyMap<string, string>): string => {
  const used = new Set<string>();
  const add = (from: string): void => {
    for (const word of wordsIn(from)) {
      const body = known.get(word);
      if (body === undefined || used.has(word)) continue;
      used.add(word);
      add(body);
    }
  };
  add(text);
  const bodies = [...known].filter(([name]) => used.has(name)).map(([, body]) => body);
  const words = wordsIn([text, ...bodies].join('\n'));
  const constants = Object.entries(SHELL_CONSTANTS).filter(([name]) => words.has(name));
  return [...constants.map(([name, value]) => `${name}=${value}`), ...bodies, ''].join('\n');
};

const known = new Map<string, string>();

const scriptText = (file: keyof typeof FUNCTION_FILES, name: string): string => {
  const key = `${file} ${name}`;
  const text = known.get(key);
  if (text !== undefined) return text;
  const functions = new Map([...SHARED, ...functionsOf(FUNCTION_FILES[file])]);
  if (!functions.has(name)) throw new Error(`${file} has no function ${name}`);
  const made = `${usedBy(name, functions)}${name} "$@"`;
  known.set(key, made);
  return made;
};

/**
 * The command that runs a function of a file with these arguments. What is sent has only that function, those that it
 * uses, and the constants that they use. `$0` is the function's name, which logs and tests know the command by.
 */
export const guestScript = (
  file: keyof typeof FUNCTION_FILES,
  name: string,
  ...args: readonly string[]
): Command => ({ file: 'sh', args: ['-c', scriptText(file, name), name, ...args] });

/** The name of the function that a command of {@link guestScript} runs; undefined for another command. */
export const scriptName = ({ file, args }: Command): string | undefined =>
  file === 'sh' && args[0] === '-c' && args[2] !== 'sh' ? args[2] : undefined;

/** The whole text of a script to be installed as a file, with the functions of lib.sh that it uses. */
export const guestProgram = (file: keyof typeof PROGRAM_FILES): string => {
  const text = PROGRAM_FILES[file];
  const [head = ''] = /^(?:#.*\n)+/.exec(text) ?? [];
  const body = text.slice(head.length);
  return `${head}${usedBy(body.replaceAll(/^\s*#.*\n/gm, ''), SHARED)}\n${body}`;
};
