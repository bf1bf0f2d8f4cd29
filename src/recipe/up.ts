import type { LabConfig } from '../config/config.js';
import { toPlan } from '../engine/plan.js';
import type { Plan, StepKind } from '../engine/step.js';
import { prepareBrick } from '../steps/gluster/brick.js';
import { refillClaims } from '../steps/gluster/claims.js';
import { healVolume } from '../steps/gluster/healing.js';
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
import { createMachine, prepareImage } from '../steps/machines/create.js';
import { writeHostsFile } from '../steps/machines/hosts-file.js';
import { installGuard, mountVolume } from '../steps/mounts/mount.js';
import { runKeeper } from '../steps/mounts/keeper.js';
import { deployProvisioner } from '../steps/provisioner/deploy.js';
import { smokeTest } from '../steps/smoke/run.js';

/** All steps of `kglab up`, in order. A new step is a file of its own and a line here. */
export const UP: readonly StepKind[] = [
  // machines: create them, wait for cloud-init, and tell each the addresses of all.
  prepareImage,
  createMachine,
  waitForBoot,
  writeHostsFile,

  // gluster: form the trusted pool, then create, repair, start and heal the volumes.
  startGlusterd,
  formPool,
  prepareBrick,
  createVolume,
  setOptions,
  refillBricks,
  startVolume,
  healVolume,
  refillClaims,

  // mounts: mount every volume on every Kubernetes node, and run the keeper of the volume catalogue.
  installGuard,
  mountVolume,
  runKeeper,

  // k3s: start the server and the agents together, and wait until all nodes are Ready.
  installK3s,
  configureK3s,
  forgetMachine,
  startK3s,
  joinCluster,
  waitUntilReady,
  fetchKubeconfig,

  // provisioner: deploy local-path-provisioner on the mounts, with the storage classes.
  deployProvisioner,

  // smoke: prove that every node can read what a pod writes.
  smokeTest,
];

/** The plan of `kglab up`. */
export const planUp = (config: LabConfig): Plan =>
  toPlan(
    config.name,
    UP.flatMap((kind) => kind.plan(config)),
  );
