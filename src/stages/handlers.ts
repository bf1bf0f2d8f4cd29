import type { StepHandlers } from '../engine/context.js';
import { poolHandler, serviceHandler } from './gluster/pool-handlers.js';
import { claimsHandler } from './gluster/claims-handler.js';
import { healHandler } from './gluster/heal-handler.js';
import { refillHandler } from './gluster/refill-handler.js';
import { optionsHandler } from './gluster/options-handler.js';
import { brickHandler, startHandler, volumeHandler } from './gluster/volume-handlers.js';
import { configHandler } from './k3s/config-handler.js';
import { installHandler } from './k3s/install-handler.js';
import { forgetHandler } from './k3s/forget-handler.js';
import { memberHandler } from './k3s/member-handler.js';
import { resetHandler } from './k3s/reset-handler.js';
import { kubeconfigHandler } from './k3s/kubeconfig-handler.js';
import { nodeReadyHandler } from './k3s/ready-handler.js';
import { k3sServiceHandler } from './k3s/service-handler.js';
import { keeperHandler } from './gluster/keeper-handler.js';
import { createHandler, hostsHandler, prepareHandler, readyHandler } from './machines/handlers.js';
import { removeHandler } from './machines/remove-handler.js';
import { guardHandler } from './mounts/guard-handler.js';
import { mountHandler } from './mounts/handlers.js';
import { provisionerHandler } from './provisioner/handlers.js';
import { smokeHandler } from './smoke/handlers.js';

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
