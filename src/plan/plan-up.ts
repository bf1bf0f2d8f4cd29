import type { LabConfig } from '../config/config.js';
import { planGluster } from '../stages/gluster/plan.js';
import { planKeepers } from '../stages/gluster/plan-keepers.js';
import { planK3s } from '../stages/k3s/plan.js';
import { planMachines } from '../stages/machines/plan.js';
import { planMounts } from '../stages/mounts/plan.js';
import { planProvisioner } from '../stages/provisioner/plan.js';
import { planSmoke } from '../stages/smoke/plan.js';
import { toPlan } from './graph.js';
import type { Plan } from './step.js';

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
