import type { StepHandlers } from '../engine/context.js';
import { poolHandler, serviceHandler } from '../steps/gluster/pool-handlers.js';
import { claimsHandler } from '../steps/gluster/claims-handler.js';
import { healHandler } from '../steps/gluster/heal-handler.js';
import { refillHandler } from '../steps/gluster/refill-handler.js';
import { optionsHandler } from '../steps/gluster/options-handler.js';
import { brickHandler, startHandler, volumeHandler } from '../steps/gluster/volume-handlers.js';
import { configHandler } from '../steps/k3s/config-handler.js';
import { installHandler } from '../steps/k3s/install-handler.js';
import { forgetHandler } from '../steps/k3s/forget-handler.js';
import { memberHandler } from '../steps/k3s/member-handler.js';
import { resetHandler } from '../steps/k3s/reset-handler.js';
import { kubeconfigHandler } from '../steps/k3s/kubeconfig-handler.js';
import { nodeReadyHandler } from '../steps/k3s/ready-handler.js';
import { k3sServiceHandler } from '../steps/k3s/service-handler.js';
import { keeperHandler } from '../steps/mounts/keeper-handler.js';
import { createHandler, hostsHandler, prepareHandler, readyHandler } from '../steps/machines/handlers.js';
import { removeHandler } from '../steps/machines/remove-handler.js';
import { guardHandler } from '../steps/mounts/guard-handler.js';
import { mountHandler } from '../steps/mounts/handlers.js';
import { provisionerHandler } from '../steps/provisioner/handlers.js';
import { smokeHandler } from '../steps/smoke/handlers.js';

/** Every kind of step with its effects; exhaustive by type. */
export const HANDLERS: StepHandlers = {
  'machines.prepare': prepareHandler,
  'machines.create': createHandler,
  'machines.remove': removeHandler,
  'machines.ready': readyHandler,
  'machines.hosts': hostsHandler,
  'gluster.service': serviceHandler,
  'gluster.pool': poolHandler,
  'gluster.brick': brickHandler,
  'gluster.volume': volumeHandler,
  'gluster.options': optionsHandler,
  'gluster.refill': refillHandler,
  'gluster.start': startHandler,
  'gluster.claims': claimsHandler,
  'gluster.heal': healHandler,
  'mounts.guard': guardHandler,
  'mounts.mount': mountHandler,
  'mounts.keeper': keeperHandler,
  'k3s.install': installHandler,
  'k3s.config': configHandler,
  'k3s.reset': resetHandler,
  'k3s.forget': forgetHandler,
  'k3s.service': k3sServiceHandler,
  'k3s.member': memberHandler,
  'k3s.ready': nodeReadyHandler,
  'k3s.kubeconfig': kubeconfigHandler,
  'provisioner.apply': provisionerHandler,
  'smoke.run': smokeHandler,
};
