import type { LabConfig } from '../config/config.js';
import { planGluster } from '../steps/gluster/plan.js';
import { planKeepers } from '../steps/mounts/plan-keepers.js';
import { planK3s } from '../steps/k3s/plan.js';
import { planMachines } from '../steps/machines/plan.js';
import { planMounts } from '../steps/mounts/plan.js';
import { planProvisioner } from '../steps/provisioner/plan.js';
import { planSmoke } from '../steps/smoke/plan.js';
import { toPlan } from '../engine/graph.js';
import type { Plan } from '../engine/step.js';

/** The recipe on one page: what a lab consists of, in the order in which it comes to be. */
export const planUp = (config: LabConfig): Plan =>
  toPlan(config.name, [
    ...planMachines(config),
    ...planGluster(config),
    ...planMounts(config),
    ...planKeepers(config),
    ...planK3s(config),
    ...planProvisioner(config),
    ...planSmoke(config),
  ]);
