import { look } from '../app/status.js';
import { knownLab } from '../lab/open.js';
import { up } from '../app/up.js';
import type { StageName } from '../engine/step.js';
import { drawLab } from '../report/picture.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { wantedLab } from './support/lab-file.js';
import { mergeKubeconfig } from '../app/user-kubeconfig.js';
import { renderOutput } from './support/output.js';
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

const NEXT = (name: string): string => `
  look around   kglab status -n ${name}
                kglab kubectl -n ${name} -- get nodes,sc,pv
                kglab exec -n ${name} node1 -- ls -la /opt/local-path-provisioner
  take it down  kglab down -n ${name}
`;

const wouldDo = (
  steps: readonly { outcome: string; title: string; because?: string | undefined }[],
): string => {
  const found = steps.filter(({ outcome }) => outcome === 'would-change' || outcome === 'failed');
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
    const { changed, results, errors, provider } = await up(
      config,
      { until: flags.until, dryRun: flags.dryRun ?? false, ...(lock && { onClaimed: lock.extend }) },
      world,
    );
    await world.reporter.close();
    if (flags.mergeKubeconfig && !flags.dryRun) world.say(await mergeKubeconfig(config.name, world));
    const steps = results.map(({ step: { id, title }, outcome, because }) => ({
      id,
      title,
      outcome,
      because,
    }));
    const summary = {
      lab: config.name,
      provider,
      dryRun: flags.dryRun ?? false,
      changed,
      steps,
    };
    const draw = flags.output === 'table' && !flags.dryRun && flags.quiet !== true;
    const picture = draw ? drawLab(await look(await knownLab(config.name, world))) : '';
    stdout.write(
      await renderOutput(flags.output, summary, () =>
        flags.dryRun ? wouldDo(summary.steps) : draw ? `\n${picture}${NEXT(config.name)}` : '',
      ),
    );
    // Of a dry run alone: what it found is shown, what it could not look at is its failure.
    throwFailures(errors);
  } finally {
    await lock?.release();
    await world.reporter.close();
  }
};
