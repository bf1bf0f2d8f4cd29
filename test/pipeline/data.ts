import { FileProblem, Files } from '../../src/simulator/world/files.js';
import { holds, isArbiter } from '../../src/simulator/world/volumes.js';
import type { SimMachine, SimVolume, SimWorld } from '../../src/simulator/world/world.js';
import type { Act, SimLab } from '../helpers/sim-lab.js';

const NAME = 'precious';
const KEY = `/${NAME}`;
const TEXT = 'gold\n';

/** Whether kglab's flag says that the machine's brick is being refilled. */
const isBeingRepaired = ({ disk }: SimMachine, path: string): boolean =>
  disk[`/etc/kglab/unfilled${path.replaceAll('/', '_')}`] !== undefined;

const trying = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch (error) {
    if (error instanceof FileProblem) return undefined;
    throw error;
  }
};

/** A test file on every volume of a lab, written as soon as the volume is mounted anywhere. */
export class Data {
  private readonly written: Set<string>;
  private harmful: string | undefined;

  constructor(private readonly lab: SimLab) {
    const volumes = Object.values(lab.world?.volumes ?? {});
    this.written = new Set(volumes.filter(({ files }) => files[KEY] !== undefined).map(({ id }) => id));
  }

  /** Call it before every operation: notes a refill of a brick that lacks nothing. */
  readonly watch = ({ command }: Act): void => {
    const { world } = this.lab;
    const [, place] = /reset-brick \S+ (\S+) \S+ commit/.exec(command?.args.join(' ') ?? '') ?? [];
    if (place === undefined || world === undefined) return;
    for (const volume of Object.values(world.volumes))
      for (const brick of volume.bricks) {
        const machine = world.machines[brick.machine];
        if (`${brick.machine}:${brick.path}` !== place || machine === undefined) continue;
        if (holds(world, volume, brick, KEY) && !isBeingRepaired(machine, brick.path))
          this.harmful ??= `brick ${place} is reset though it lacks nothing`;
      }
  };

  /** Writes the file on volumes that never had it. */
  readonly write = (): void => {
    const { world } = this.lab;
    for (const { machine, path, volume } of world ? mounts(world) : []) {
      if (this.written.has(volume.id)) continue;
      const done = trying(() => (new Files(world as SimWorld, machine).write(path + KEY, TEXT), true));
      if (done) this.written.add(volume.id);
    }
  };

  /** A command that could have lost data, if one ran, even if no data was lost. */
  get harm(): string | undefined {
    return this.harmful;
  }

  /** What is wrong with the data, if anything: every brick and every mount must have the file. */
  get problem(): string | undefined {
    const { world } = this.lab;
    if (this.harmful !== undefined || world === undefined) return this.harmful;
    for (const id of this.written) {
      const volume = world.volumes[id];
      const found = volume === undefined ? 'a volume with data is gone' : missing(world, volume);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

const mounts = (world: SimWorld) =>
  Object.values(world.machines).flatMap((machine) =>
    Object.entries(machine.running?.mounts ?? {}).flatMap(([path, mount]) => {
      // A bind mount of a folder shows other paths.
      if (mount.root !== undefined) return [];
      const volume = Object.values(world.volumes).find(({ name }) => name === mount.volume);
      return volume === undefined ? [] : [{ machine, path, volume }];
    }),
  );

const missing = (world: SimWorld, volume: SimVolume): string | undefined => {
  for (const brick of volume.bricks) {
    const machine = world.machines[brick.machine];
    const text = machine && trying(() => new Files(world, machine).read(brick.path + KEY));
    if (text !== (isArbiter(volume, brick) ? '' : TEXT))
      return `brick ${brick.machine}:${brick.path} has lost a file`;
  }
  for (const { machine, path, volume: mounted } of mounts(world)) {
    if (mounted !== volume) continue;
    const files = new Files(world, machine);
    const isRead = trying(() => files.read(path + KEY)) === TEXT;
    if (!isRead || !files.names(path).includes(NAME)) return `${machine.spec.name} sees no file in ${path}`;
  }
  return undefined;
};
