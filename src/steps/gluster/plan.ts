import type { LabConfig } from '../../config/config.js';
import { glusterMachine, hasDedicated, storageNodes } from '../../config/roles.js';
import type { VolumeSpec } from '../../gluster/volume-spec.js';
import { step } from '../../engine/make-step.js';
import type { Step } from '../../engine/step.js';
import { volumeSpec } from '../../gluster/volume-spec.js';

const planVolume = (volume: VolumeSpec, from: string): readonly Step[] => {
  const bricks = volume.bricks.map((brick) =>
    step(
      'gluster.brick',
      `${volume.name}@${brick.machine}`,
      `Prepare brick ${brick.machine}:${brick.path}`,
      ['gluster.pool'],
      { brick, volume: volume.name, from },
    ),
  );
  const input = { volume, from };
  return [
    ...bricks,
    step(
      'gluster.volume',
      volume.name,
      `Create volume ${volume.name}`,
      bricks.map(({ id }) => id),
      input,
    ),
    step(
      'gluster.options',
      volume.name,
      `Set the options of volume ${volume.name}`,
      [`gluster.volume:${volume.name}`],
      input,
    ),
    step(
      'gluster.refill',
      volume.name,
      `Fill bricks of volume ${volume.name} that lost their content`,
      [`gluster.options:${volume.name}`],
      input,
    ),
    step(
      'gluster.start',
      volume.name,
      `Start volume ${volume.name} and wait for its bricks`,
      [`gluster.refill:${volume.name}`],
      input,
    ),
    step(
      'gluster.heal',
      volume.name,
      `Wait until every brick of volume ${volume.name} is whole`,
      [`gluster.start:${volume.name}`],
      input,
    ),
  ];
};

/** Only where claims get volumes of their own. */
const planClaims = (config: LabConfig): readonly Step[] => {
  if (!config.volumes.some((volume) => hasDedicated(config, volume))) return [];
  const except = config.volumes.map(({ name }) => name);
  const needs = except.map((name) => `gluster.start:${name}`);
  const title = 'Fill bricks of claims that lost their content';
  return [step('gluster.claims', '', title, needs, { from: glusterMachine(config), except })];
};

/** glusterd on every storage node, one trusted pool of them, then each volume from brick to started. */
export const planGluster = (config: LabConfig): readonly Step[] => {
  const machines = storageNodes(config).map(({ machine }) => machine);
  return [
    ...machines.map((machine) =>
      step('gluster.service', machine, `Start glusterd on ${machine}`, [`machines.hosts:${machine}`], {
        machine,
      }),
    ),
    step(
      'gluster.pool',
      '',
      `Form the trusted pool of ${machines.length} machines`,
      machines.map((machine) => `gluster.service:${machine}`),
      { machines },
    ),
    ...config.volumes.flatMap((volume) => planVolume(volumeSpec(config, volume), glusterMachine(config))),
    ...planClaims(config),
  ];
};
