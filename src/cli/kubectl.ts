import { readFile } from 'node:fs/promises';
import { serverMachine } from '../config/roles.js';
import { CliError } from '../errors/cli-error.js';
import { kubectl } from '../kube/kubectl.js';
import type { LabFlags } from './support/flags.js';
import type { Session } from './support/session.js';
import { attachIn } from './exec.js';
import { openKnownLab } from './support/open-world.js';
import { mapPool } from '../util/pool.js';

interface Split {
  readonly args: readonly string[];
  readonly files: readonly string[];
}

/** Global kubectl flags whose value is the next word. */
const VALUED = new Set([
  ...['-n', '--namespace', '--context', '--cluster', '--user', '-s', '--server', '--kubeconfig', '--token'],
  ...['--as', '--as-group', '--as-uid', '--cache-dir', '--certificate-authority', '--client-certificate'],
  ...['--client-key', '--profile', '--profile-output', '--request-timeout', '--tls-server-name', '-v', '--v'],
]);

/** The kubectl subcommand: `get` in `-n a get pods`. */
const verbOf = (words: readonly string[]): string | undefined =>
  words.find((word, index) => !word.startsWith('-') && !VALUED.has(words[index - 1] ?? ''));

/** Whether kubectl on the server reads it: standard input and URLs. */
const isElsewhere = (name: string): boolean => name === '-' || /^https?:\/\//.test(name);

/**
 * Splits off the files (`-f x.yaml`, `-fx.yaml`, `--filename=x.yaml`), because kubectl runs on the server and they are on
 * this host. `-f -` replaces the first. URLs, `-`, `logs -f` and everything after `--` stay as they are.
 */
export const splitFiles = (words: readonly string[]): Split => {
  if (verbOf(words) === 'logs') return { args: words, files: [] };
  const args: string[] = [];
  const files: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as string;
    if (word === '--') return { args: [...args, ...words.slice(index)], files };
    const inline = /^(?:--filename=|-f=?)(.+)$/.exec(word)?.[1];
    const name = inline ?? (word === '-f' || word === '--filename' ? words[++index] : undefined);
    if (name === undefined) args.push(word);
    else if (isElsewhere(name)) args.push('-f', name);
    else {
      if (files.length === 0) args.push('-f', '-');
      files.push(name);
    }
  }
  return { args, files };
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'this is a directory; name each file in it with -f',
};

/** Files read at the same time. */
const LIMIT = 8;

const readManifest = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new CliError('USAGE', `${file} cannot be read: ${REASONS[code] ?? message}.`, {
      hint: 'kglab reads files given with -f on this host.',
      cause: error,
    });
  }
};

/** `kglab kubectl` */
export const kubectlCommand = async (session: Session, words: string[], flags: LabFlags): Promise<void> => {
  const { config, provider } = await openKnownLab(session, flags, { what: 'kubectl' });
  const { args, files } = splitFiles(words[0] === '--' ? words.slice(1) : words);
  const texts = await mapPool(files, LIMIT, readManifest);
  const command =
    texts.length === 0 ? kubectl(...args) : { ...kubectl(...args), stdin: texts.join('\n---\n') };
  await attachIn(session, provider.machine(serverMachine(config)), command);
};
