import { sh, type Command } from '../exec/command.js';
import type { VolumeSpec } from './volume-spec.js';

/** A gluster command that asks nothing and answers in XML. With XML its exit code says nothing: read `<opRet>`. */
export const gluster = (...args: string[]): Command => ({
  file: 'gluster',
  args: ['--mode=script', '--xml', ...args],
});

/** The words of `volume create` that say what a set of bricks is. */
export const shapeWords = ({
  type,
  replica,
  redundancy,
}: Pick<VolumeSpec, 'type' | 'replica' | 'redundancy'>): readonly string[] => {
  switch (type) {
    case 'arbiter':
      return ['replica', '3', 'arbiter', '1'];
    case 'disperse':
      return ['disperse', String(replica), 'redundancy', String(redundancy)];
    case 'replica':
      return replica > 1 ? ['replica', String(replica)] : [];
    case 'distribute':
      return [];
  }
};

/** The arguments that make a volume of this shape. `force`, as bricks may stand on a root disk in a lab. */
export const volumeCreate = (volume: VolumeSpec): Command => {
  const places = volume.bricks.map(({ machine, path }) => `${machine}:${path}`);
  return gluster('volume', 'create', volume.name, ...shapeWords(volume), ...places, 'force');
};

/** Sets several options in one transaction. */
export const volumeSet = (volume: string, options: Readonly<Record<string, string>>): Command =>
  gluster('volume', 'set', volume, ...Object.entries(options).flat());

/**
 * Starts glusterd again, on a machine without bricks of use. It may take its time to stop (10 s were seen), and has
 * nothing to lose.
 */
export const restartGlusterd: Command = sh(
  'systemctl kill -s KILL glusterd.service 2>/dev/null; exec systemctl restart glusterd.service',
);
