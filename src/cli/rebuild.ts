import { knownLab } from '../lab/open.js';
import { planTarget, rebuild } from '../app/rebuild.js';
import { look } from '../app/status.js';
import type { LabConfig } from '../config/config.js';
import { serverMachine } from '../config/roles.js';
import type { LoadedConfig } from '../config/load.js';
import type { RebuildTarget } from '../recipe/rebuild.js';
import { drawLab } from '../report/picture.js';
import type { Lab } from '../lab/lab.js';
import type { LabRecord } from '../lab/lab-store.js';
import { confirmByName } from './support/confirm.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { loadLab } from './support/lab-file.js';
import { renderOutput, summaryOf } from './support/output.js';
import type { Session } from './support/session.js';
import { withLock } from '../lab/with-lock.js';
import { openWorld } from './support/open-world.js';
import { stdout } from './support/streams.js';

export interface RebuildFlags extends LabFlags, OutputFlags {
  readonly yes?: boolean;
  readonly k3sOnly?: boolean;
  readonly node?: string;
  readonly keepData?: boolean;
}

/** What will be lost, as lines of the question. */
export const whatGoes = (target: RebuildTarget, { name, config }: LabRecord): readonly string[] => {
  if (target.what === 'k3s')
    return [
      `This removes and recreates the Kubernetes cluster of lab ${name}:`,
      '  all Kubernetes objects are lost; the files on these volumes stay:',
      ...config.volumes.map(({ name: volume, mount }) => `    volume ${volume} at ${mount}`),
    ];
  const bricks = target.keepData ? '; its bricks are kept' : ', and its bricks (data is deleted)';
  const server = serverMachine(config);
  return [
    `This removes and recreates these machines of lab ${name}:`,
    ...target.machines.map((machine) => `  ${machine}${bricks}`),
    ...(target.machines.includes(server)
      ? [`${server} is the k3s server: the whole Kubernetes cluster is lost with it.`]
      : []),
  ];
};

/** The lab file, if there is one and the whole lab is rebuilt; a part is rebuilt from the record. */
const configFor = (record: LabRecord, loaded: LoadedConfig, { node, k3sOnly }: RebuildFlags): LabConfig => {
  const isPart = node !== undefined || k3sOnly === true;
  const isFile = loaded.source !== 'defaults' && loaded.config.name === record.name;
  return isFile && !isPart ? loaded.config : record.config;
};

const flagWords = ({ k3sOnly, node, keepData }: RebuildFlags): string =>
  `${k3sOnly ? ' --k3s-only' : ''}${node === undefined ? '' : ` --node ${node}`}${keepData ? ' --keep-data' : ''}`;

const run = async (lab: Lab, loaded: LoadedConfig, flags: RebuildFlags) => {
  const { k3sOnly = false, node, keepData = false } = flags;
  const options = { k3sOnly, node, keepData };
  const { name, record, world } = lab;
  const target = await planTarget(lab, options);
  const command = `kglab rebuild -n ${name}${flagWords(flags)}`;
  await confirmByName({ name, lines: whatGoes(target, record), command, yes: flags.yes });
  return withLock(world, name, 'rebuild', () =>
    rebuild(name, (known) => configFor(known, loaded, flags), options, world),
  );
};

/** `kglab rebuild` */
export const rebuildCommand = async (session: Session, flags: RebuildFlags): Promise<void> => {
  const loaded = await loadLab(flags);
  const { name } = loaded.config;
  const world = await openWorld(session, flags, { what: 'rebuild', logFor: name, existing: true });
  const lab = await knownLab(name, world);
  const result = await run(lab, loaded, flags);
  await world.reporter.close();
  const quiet = flags.output !== 'table' || flags.quiet === true;
  const picture = quiet ? '' : drawLab(await look(await knownLab(name, world)));
  const summary = summaryOf(name, lab.record.provider, result);
  stdout.write(await renderOutput(flags.output, summary, () => picture));
};
