import { planUp } from '../../plan/plan-up.js';
import { until } from '../../plan/graph.js';
import { renderPlan } from '../../plan/render-plan.js';
import type { StageName } from '../../plan/step.js';
import type { LabFlags } from '../flags.js';
import { labConfig } from '../lab.js';
import type { Session } from '../run-cli.js';
import { stdout } from '../streams.js';

export interface PlanFlags extends LabFlags {
  readonly output: 'text' | 'json' | 'dot';
  readonly until?: StageName;
}

/** `kglab plan` */
export const planCommand = async (_session: Session, flags: PlanFlags): Promise<void> => {
  const plan = planUp(await labConfig(flags));
  stdout.write(renderPlan(flags.until === undefined ? plan : until(plan, flags.until), flags.output));
};
