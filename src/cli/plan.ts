import { planUp } from '../recipe/up.js';
import { renderPlan, until } from '../engine/plan.js';
import type { StageName } from '../engine/step.js';
import type { LabFlags } from './support/flags.js';
import { labConfig } from './support/lab-file.js';
import type { Session } from './support/session.js';
import { stdout } from './support/streams.js';

export interface PlanFlags extends LabFlags {
  readonly output: 'text' | 'json' | 'dot';
  readonly until?: StageName;
}

/** `kglab plan` */
export const planCommand = async (_session: Session, flags: PlanFlags): Promise<void> => {
  const plan = planUp(await labConfig(flags));
  stdout.write(renderPlan(flags.until === undefined ? plan : until(plan, flags.until), flags.output));
};
