import { stat, statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { pictureOf } from '../app/picture-of.js';
import type { World } from '../lab/world.js';
import { parseConfig } from '../config/parse.js';
import { CliError } from '../errors/cli-error.js';
import { planUp } from '../recipe/up.js';
import { drawLab } from '../report/picture.js';
import { OFFERED_IDS } from '../providers/registry.js';
import { mapPool } from '../util/pool.js';
import { labFile } from '../wizard/lab-file.js';
import { propose, type HostFacts } from '../wizard/propose.js';
import { runWizard } from '../wizard/questions.js';
import type { LabFlags } from './support/flags.js';
import { putLabFile } from './support/lab-file.js';
import type { Session } from './support/session.js';
import { openWorld } from './support/open-world.js';
import { stderr, stdout } from './support/streams.js';

export interface InitFlags extends LabFlags {
  readonly yes?: boolean;
  readonly print?: boolean;
  readonly force?: boolean;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const lookAtHost = async (world: World): Promise<HostFacts> => {
  const disk = await statfs(process.cwd());
  return {
    providers: await mapPool(OFFERED_IDS, OFFERED_IDS.length, async (id) => ({
      id,
      ...(await world.usable(id)),
    })),
    memoryMiB: Math.floor(totalmem() / MIB),
    cpus: availableParallelism(),
    freeDiskGiB: Math.floor((disk.bavail * disk.bsize) / GIB),
  };
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Whether to replace an existing file; false if there is none. Throws CONFIRMATION_NEEDED if it must stay. */
const mayReplace = async (path: string, { yes, force }: InitFlags): Promise<boolean> => {
  if (!(await exists(path))) return false;
  if (force) return true;
  const hint = 'Choose another file with --file, or replace it: kglab init --force';
  if (yes || !process.stdin.isTTY)
    throw new CliError('CONFIRMATION_NEEDED', `${path} exists; not overwritten.`, { hint });
  const { askYes } = await import('../wizard/ask.js');
  if (await askYes(`${path} exists. Replace it?`)) return true;
  throw new CliError('CONFIRMATION_NEEDED', `${path} was not overwritten.`, { hint });
};

const preview = (text: string): string => {
  const config = parseConfig(text, 'lab.yaml');
  const picture = drawLab(pictureOf({ name: config.name, provider: config.provider, config }, undefined));
  return `\n${picture}\n\`kglab up\` creates this lab in ${planUp(config).steps.length} steps.\n`;
};

/** `kglab init` */
export const initCommand = async (session: Session, flags: InitFlags): Promise<void> => {
  if (flags.file === '-')
    throw new CliError('USAGE', '`kglab init -f -` is not possible: init writes a file.', {
      hint: 'Print the lab file instead: kglab init --print',
    });
  const path = resolve(flags.file ?? 'lab.yaml');
  const asks = !flags.yes && !flags.print;
  if (asks && !process.stdin.isTTY) {
    throw new CliError('CONFIRMATION_NEEDED', 'The wizard needs a terminal to ask its questions.', {
      hint: 'Use values that fit this host: kglab init --yes\nOr only print the lab file: kglab init --print',
    });
  }
  const world = await openWorld(session, flags, { what: 'init' });
  const host = await lookAtHost(world);
  const named = <T extends object>(answers: T): T =>
    flags.name === undefined ? answers : { ...answers, name: flags.name };
  const answers = asks
    ? await runWizard(host, (await import('../wizard/ask.js')).askQuestion)
    : named(propose(host));
  const text = labFile(answers);
  const shown = preview(text);
  if (flags.print) return void stdout.write(text);
  stderr.write(shown);
  await putLabFile(path, text, { replace: await mayReplace(path, flags) });
  stdout.write(`${path} written. Next: kglab up${dirname(path) === process.cwd() ? '' : ` -f ${path}`}\n`);
};
