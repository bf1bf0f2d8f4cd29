import { contextName } from '../kube/lab-kubeconfig.js';
import type { World } from '../lab/world.js';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { quote } from '../exec/command.js';
import { currentContext, hasContext, mergeContexts, withoutContext } from '../kube/merge-kubeconfig.js';
import { readKubeconfig, type Kubeconfig } from '../kube/read-kubeconfig.js';
import { readText } from '../util/private-files.js';
import { readUserFile, writeUserFile } from '../util/user-files.js';

/**
 * The kubeconfigs that kubectl reads: the entries of KUBECONFIG, without empty ones and repetitions; else
 * ~/.kube/config. `separator` is the host's separator of paths: `;` on Windows.
 */
export const kubeconfigFiles = (
  env: Readonly<Record<string, string | undefined>>,
  separator: string = delimiter,
): readonly string[] => {
  const listed = (env['KUBECONFIG'] ?? '').split(separator).filter((path) => path !== '');
  return listed.length > 0 ? [...new Set(listed)] : [join(homedir(), '.kube', 'config')];
};

/** The user's kubeconfigs, without the lab's own, which KUBECONFIG may list. */
const filesFor = (lab: string, { userKubeconfigs, store }: World): readonly string[] => {
  const own = resolve(store.files(lab).kubeconfig);
  const files = userKubeconfigs.filter((path) => resolve(path) !== own);
  return files.length > 0 ? files : kubeconfigFiles({});
};

const read = async (path: string): Promise<Kubeconfig | undefined> => {
  const text = await readUserFile(path).catch((error: Error) => {
    throw new CliError('HOST_UNFIT', `${path} cannot be read: ${error.message}`, {
      hint: 'Check the files in KUBECONFIG, or use the kubeconfig of the lab alone: export KUBECONFIG=$(kglab kubeconfig)',
      cause: error,
    });
  });
  return text === undefined ? undefined : readKubeconfig(text, path);
};

/** Commands that remove the lab from a kubeconfig by hand, each on a line of its own. */
const byHand = (name: string, path: string): string =>
  ['context', 'cluster', 'user']
    .map((what) => `\n      kubectl config delete-${what} ${name} --kubeconfig ${quote(path)}`)
    .join('');

/** Where the user's kubeconfigs have a context of a lab. */
export interface FoundContexts {
  /** Files with its context. */
  readonly files: readonly string[];
  /** Files that may have it but cannot be read, with the reason and what to do. */
  readonly unsure: readonly { readonly what: string; readonly why: string }[];
}

/** Looks for the lab's context in all kubeconfigs of the user; changes nothing. */
export const findContexts = async (lab: string, world: World): Promise<FoundContexts> => {
  const name = contextName(lab);
  const files: string[] = [];
  const unsure: { what: string; why: string }[] = [];
  for (const path of filesFor(lab, world))
    try {
      const config = await read(path);
      if (config !== undefined && hasContext(config, name)) files.push(path);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      const why = [error.message, ...error.details].join('\n    ');
      unsure.push({
        what: `${name} may still be in ${path}, which kglab cannot read`,
        why: `${why}\n    Correct the file, then:${byHand(name, path)}`,
      });
    }
  return { files, unsure };
};

/** Describes the lab's context: `kglab-demo in /root/.kube/config`. */
export const contextIn = (lab: string, path: string): string => `${contextName(lab)} in ${path}`;

/** Removes the lab's context from one kubeconfig. Throws KUBECONFIG_INVALID if that would change other entries. */
export const forgetContext = async (lab: string, path: string): Promise<void> => {
  const config = await read(path);
  const name = contextName(lab);
  if (config === undefined || !hasContext(config, name)) return;
  try {
    await writeUserFile(path, withoutContext(config, name, path));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(
      error.code,
      `${error.message} Remove the lab from ${path} by hand:${byHand(name, path)}`,
      {
        details: error.details,
        cause: error,
      },
    );
  }
};

/** The file that kubectl writes to: the first that exists, else the last. */
const defaultFile = async (files: readonly string[]): Promise<string> => {
  for (const path of files) if ((await stat(path).catch(() => undefined)) !== undefined) return path;
  return files.at(-1) ?? '';
};

/**
 * Adds a lab's cluster to the user's kubeconfigs, as kubectl would: to the file that already has it, else to the first
 * that exists. Returns the context and that file. Throws LAB_UNKNOWN for a lab without a kubeconfig, HOST_UNFIT or
 * KUBECONFIG_INVALID if a file cannot be read or parsed; nothing is changed then.
 */
export const mergeContext = async (
  lab: string,
  world: World,
): Promise<{ readonly context: string; readonly path: string }> => {
  const own = world.store.files(lab).kubeconfig;
  const text = await readText(own);
  if (text === undefined)
    throw new CliError('LAB_UNKNOWN', 'The lab has no kubeconfig yet.', {
      hint: `Complete the lab first: kglab up -n ${lab}`,
    });
  const added = readKubeconfig(text, own);
  const context = currentContext(added);
  const files = filesFor(lab, world);
  const found = new Map<string, Kubeconfig>();
  for (const path of files) found.set(path, (await read(path)) ?? readKubeconfig('', path));
  const isHere = (path: string): boolean => {
    const config = found.get(path);
    return config !== undefined && hasContext(config, context);
  };
  const path = files.find(isHere) ?? (await defaultFile(files));
  const config = found.get(path) ?? readKubeconfig('', path);
  const isCurrent = [...found.values()].every((one) => currentContext(one) === '');
  const merged = mergeContexts(config, added, path, isCurrent);
  if (merged !== config.text) await writeUserFile(path, merged, { keys: true });
  return { context, path };
};

/** Adds the lab's cluster to the user's kubeconfig; returns a message. Throws as {@link mergeContext}. */
export const mergeKubeconfig = async (lab: string, world: World): Promise<string> => {
  const { context, path } = await mergeContext(lab, world);
  return `context ${context} is now in ${path}: kubectl --context ${context} get nodes`;
};
