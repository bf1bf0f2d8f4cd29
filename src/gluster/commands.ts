import { VOLUME_TYPES } from '../config/volume-types.js';
import type { Command } from '../exec/command.js';
import type { VolumeSpec } from './volume-spec.js';
import { guestScript } from '../guest/script.js';

/** A gluster command without prompts, with XML output. Its exit code is then meaningless: read `<opRet>`. */
export const gluster = (...args: string[]): Command => ({
  file: 'gluster',
  args: ['--mode=script', '--xml', ...args],
});

/** The command that creates the volume. `force`, because in a lab bricks may be on the root disk. */
export const volumeCreate = (volume: VolumeSpec): Command => {
  const places = volume.bricks.map(({ machine, path }) => `${machine}:${path}`);
  return gluster(
    'volume',
    'create',
    volume.name,
    ...VOLUME_TYPES[volume.type].createWords(volume),
    ...places,
    'force',
  );
};

/** Sets several options in one transaction. */
export const volumeSet = (volume: string, options: Readonly<Record<string, string>>): Command =>
  gluster('volume', 'set', volume, ...Object.entries(options).flat());

/** Restarts glusterd on a machine whose bricks hold no data. */
export const restartGlusterd: Command = guestScript('gluster.sh', 'restart_glusterd');
