import { readFile } from 'node:fs/promises';
import { serverMachine } from '../../config/roles.js';
import { kubectl } from '../../kube/kubectl.js';
import type { LabFlags } from '../flags.js';
import type { Session } from '../run-cli.js';
import { attachIn, machineOf } from './exec.js';

interface Split {
  readonly args: readonly string[];
  readonly files: readonly string[];
}

/**
 * Takes the files out of kubectl's arguments, as they are on this host and kubectl runs on the server: `-f x.yaml`,
 * `-fx.yaml`, `--filename=x.yaml`. URLs and `-` stay; so does everything after `--`, which belongs to a pod's command.
 */
export const splitFiles = (words: readonly string[]): Split => {
  const args: string[] = [];
  const files: string[] = [];
  const keep = (name: string): boolean => name === '-' || /^https?:\/\//.test(name);
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as string;
    if (word === '--') return { args: [...args, ...words.slice(index)], files };
    const inline = /^(?:--filename=|-f=?)(.+)$/.exec(word)?.[1];
    const name = inline ?? (word === '-f' || word === '--filename' ? words[++index] : undefined);
    if (name === undefined || (isLogs(words) && inline === undefined))
      args.push(...(name === undefined ? [word] : [word, name]));
    else if (keep(name)) args.push('-f', name);
    else files.push(name);
  }
  return { args, files };
};

/** `kubectl logs -f` follows; it takes no file. */
const isLogs = (words: readonly string[]): boolean => words.find((word) => !word.startsWith('-')) === 'logs';

/** `kglab kubectl` */
export const kubectlCommand = async (session: Session, words: string[], flags: LabFlags): Promise<void> => {
  const { record, context } = await machineOf(session, flags, undefined, 'kubectl');
  const { args, files } = splitFiles(words[0] === '--' ? words.slice(1) : words);
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const command =
    texts.length === 0 ? kubectl(...args) : { ...kubectl(...args, '-f', '-'), stdin: texts.join('\n---\n') };
  await attachIn(session, context.provider.machine(serverMachine(record.config)), command);
};
