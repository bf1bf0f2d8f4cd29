import type { LabConfig } from '../config/config.js';
import { toPlan } from '../engine/plan.js';
import type { Plan, StepKind } from '../engine/step.js';
import { prepareBrick } from '../steps/gluster/brick.js';
import { refillClaims } from '../steps/gluster/claims.js';
import { healVolume } from '../steps/gluster/heal.js';
import { setOptions } from '../steps/gluster/options.js';
import { formPool } from '../steps/gluster/pool.js';
import { refillBricks } from '../steps/gluster/refill.js';
import { startGlusterd } from '../steps/gluster/service.js';
import { startVolume } from '../steps/gluster/start.js';
import { createVolume } from '../steps/gluster/volume.js';
import { configureK3s } from '../steps/k3s/config.js';
import { forgetMachine } from '../steps/k3s/forget.js';
import { installK3s } from '../steps/k3s/install.js';
import { fetchKubeconfig } from '../steps/k3s/kubeconfig.js';
import { joinCluster } from '../steps/k3s/member.js';
import { waitUntilReady } from '../steps/k3s/ready.js';
import { startK3s } from '../steps/k3s/service.js';
import { waitForBoot } from '../steps/machines/boot.js';
import { createMachine } from '../steps/machines/create.js';
import { writeHostsFile } from '../steps/machines/hosts-file.js';
import { prepareImage } from '../steps/machines/prepare.js';
import { installGuard } from '../steps/mounts/guard.js';
import { runKeeper } from '../steps/mounts/keeper.js';
import { mountVolume } from '../steps/mounts/mount.js';
import { deployProvisioner } from '../steps/provisioner/deploy.js';
import { smokeTest } from '../steps/smoke/run.js';

/** The recipe on one page: what a lab consists of, in the order in which it comes to be. */
export const UP: readonly StepKind[] = [
  // machines: each boots through cloud-init and learns the addresses of all.
  prepareImage,
  createMachine,
  waitForBoot,
  writeHostsFile,

  // gluster: one trusted pool of the storage machines, then each volume from its bricks to a started one.
  startGlusterd,
  formPool,
  prepareBrick,
  createVolume,
  setOptions,
  refillBricks,
  startVolume,
  healVolume,
  refillClaims,

  // mounts: every volume on every Kubernetes node, and the keeper of the catalogue of volumes.
  installGuard,
  mountVolume,
  runKeeper,

  // k3s: the server and its agents, started together.
  installK3s,
  configureK3s,
  forgetMachine,
  startK3s,
  joinCluster,
  waitUntilReady,
  fetchKubeconfig,

  // provisioner: local-path-provisioner on the mounts, with the storage classes.
  deployProvisioner,

  // smoke: the proof that what a pod writes is read on every node.
  smokeTest,
];

/** Everything that makes a lab true. */
export const planUp = (config: LabConfig): Plan =>
  toPlan(
    config.name,
    UP.flatMap((kind) => kind.plan(config)),
  );
