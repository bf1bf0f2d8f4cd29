import { look } from '../../app/status.js';
import { knownLab } from '../../app/open-lab.js';
import { recordFor, up } from '../../app/up.js';
import type { StageName } from '../../plan/step.js';
import { drawLab } from '../../report/picture.js';
import type { LabFlags, OutputFlags } from '../flags.js';
import { wantedLab } from '../lab.js';
import { mergeKubeconfig } from '../merge-kubeconfig.js';
import { renderOutput } from '../output.js';
import type { Session } from '../run-cli.js';
import { lockLab } from '../with-lock.js';
import { openWorld } from '../world.js';

export interface UpFlags extends LabFlags, OutputFlags {
  readonly until?: StageName;
  readonly dryRun?: boolean;
  readonly mergeKubeconfig?: boolean;
}

const NEXT = (name: string): string => `
  look around   kglab status -n ${name}
                kglab kubectl -n ${name} -- get nodes,sc,pv
                kglab exec -n ${name} node1 -- ls -la /opt/local-path-provisioner
  take it down  kglab down -n ${name}
`;

const wouldDo = (
  steps: readonly { outcome: string; title: string; because?: string | undefined }[],
): string => {
  const found = steps.filter(({ outcome }) => outcome === 'would-change');
  if (found.length === 0) return 'Nothing to do: the lab is as its lab file says.\n';
  const lines = found.map(({ title, because = '' }) => `  ${title} (${because})\n`);
  return `kglab up would do ${found.length} steps:\n${lines.join('')}`;
};

/** `kglab up` */
export const upCommand = async (session: Session, flags: UpFlags): Promise<void> => {
  const config = await wantedLab(flags);
  const world = await openWorld(session, flags, {
    what: 'up',
    ...(flags.dryRun ? {} : { logFor: config.name }),
  });
  const lock = flags.dryRun ? undefined : await lockLab(world, config.name, 'up');
  try {
    const { changed, results } = await up(
      config,
      { until: flags.until, dryRun: flags.dryRun ?? false, ...(lock && { onClaimed: lock.extend }) },
      world,
    );
    await world.reporter.close();
    if (flags.mergeKubeconfig && !flags.dryRun)
      world.say(await mergeKubeconfig(config.name, world));
    const steps = results.map(({ step: { id, title }, outcome, because }) => ({
      id,
      title,
      outcome,
      because,
    }));
    const summary = {
      lab: config.name,
      provider: (await recordFor(config, world)).provider,
      dryRun: flags.dryRun ?? false,
      changed,
      steps,
    };
    const draw = flags.output === 'table' && !flags.dryRun && flags.quiet !== true;
    const picture = draw ? drawLab(await look(await knownLab(config.name, world), world)) : '';
    process.stdout.write(
      await renderOutput(flags.output, summary, () =>
        flags.dryRun ? wouldDo(summary.steps) : draw ? `\n${picture}${NEXT(config.name)}` : '',
      ),
    );
  } finally {
    await lock?.release();
    await world.reporter.close();
  }
};
