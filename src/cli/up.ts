import { look } from '../app/status.js';
import type { LabConfig } from '../config/config.js';
import { kubernetesNodes } from '../config/roles.js';
import { knownLab } from '../lab/open.js';
import { up } from '../app/up.js';
import type { StageName } from '../engine/step.js';
import { drawLab } from '../report/picture.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { wantedLab } from './support/lab-file.js';
import { mergeKubeconfig } from '../app/user-kubeconfig.js';
import { renderOutput, summaryOf } from './support/output.js';
import type { Session } from './support/session.js';
import { lockLab } from '../lab/with-lock.js';
import { openWorld } from './support/open-world.js';
import { throwFailures } from '../engine/run-plan.js';
import { stdout } from './support/streams.js';

export interface UpFlags extends LabFlags, OutputFlags {
  readonly until?: StageName;
  readonly dryRun?: boolean;
  readonly mergeKubeconfig?: boolean;
}

/** Commands to go on with. Every Kubernetes node mounts every volume. */
export const nextCommands = (config: LabConfig): string => {
  const { name, volumes } = config;
  const node = kubernetesNodes(config)[0]?.name ?? '';
  return `
  inspect it    kglab status -n ${name}
                kglab kubectl -n ${name} -- get nodes,sc,pv
                kglab exec -n ${name} ${node} -- ls -la ${volumes[0]?.mount ?? '/'}
  remove it     kglab down -n ${name}
`;
};

const wouldDo = (
  steps: readonly { outcome: string; title: string; because?: string | undefined }[],
): string => {
  const found = steps.filter(({ outcome }) => outcome === 'would-change' || outcome === 'failed');
  if (found.length === 0) return 'Nothing to do: the lab fits its lab file.\n';
  const lines = found.map(({ title, because = '' }) => `  ${title} (${because})\n`);
  return `kglab up would run ${found.length} steps:\n${lines.join('')}`;
};

/** `kglab up` */
export const upCommand = async (session: Session, flags: UpFlags): Promise<void> => {
  const { dryRun = false, output, quiet = false } = flags;
  const config = await wantedLab(flags);
  const { name } = config;
  const world = await openWorld(session, flags, { what: 'up', ...(!dryRun && { logFor: name }) });
  const lock = dryRun ? undefined : await lockLab(world, name, 'up');
  try {
    const options = { until: flags.until, dryRun, ...(lock && { onClaimed: lock.extend }) };
    const result = await up(config, options, world);
    await world.reporter.close();
    if (flags.mergeKubeconfig && !dryRun) world.say(await mergeKubeconfig(name, world));
    const { lab, provider, ...run } = summaryOf(name, result.provider, result);
    const draws = output === 'table' && !dryRun && !quiet;
    const picture = draws
      ? `\n${drawLab(await look(await knownLab(name, world)))}${nextCommands(config)}`
      : '';
    const table = (): string => (dryRun ? wouldDo(run.steps) : picture);
    stdout.write(await renderOutput(output, { lab, provider, dryRun, ...run }, table));
    // Only a dry run returns errors: its findings are shown first.
    throwFailures(result.errors);
  } finally {
    await lock?.release();
  }
};
