import { type LabConfig, type NodeConfig, type VolumeConfig } from '../../config/config.js';
import { brickMachines, kubernetesNodes } from '../../config/roles.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { checked, CommandError } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { readFile, writeFile } from '../../guest/files.js';
import { MOUNT_OPTIONS, PATHS, unitName } from '../../guest/layout.js';
import { guestProgram, guestScript } from '../../guest/script.js';
import { awaitAll } from '../../util/pool.js';
import { fill } from '../../util/template.js';
import { waitFor } from '../../util/wait.js';

/** How long to try (milliseconds): bricks may be starting, and one try takes up to 60 s (the unit's TimeoutSec). */
const MOUNT_MS = 90_000;

interface Input {
  readonly machine: string;
  readonly volume: string;
  readonly path: string;
  /** Machines to mount from, the machine itself first if it is one of them. */
  readonly servers: readonly string[];
  /** Whether glusterd runs on the machine itself. */
  readonly local: boolean;
}

const inputOf = (config: LabConfig, { machine, roles }: NodeConfig, volume: VolumeConfig): Input => {
  const local = roles.includes('storage');
  const others = brickMachines(config, volume).filter((server) => server !== machine);
  return {
    machine,
    volume: volume.name,
    path: volume.mount,
    servers: local ? [machine, ...others] : others,
    local,
  };
};

/** The text of the mount unit. A storage machine mounts from its own glusterd first; the others are the backup. */
export const renderMountUnit = (template: string, { volume, path, servers, local }: Input): string =>
  fill(template, {
    volume,
    path,
    server: local ? 'localhost' : (servers[0] ?? 'localhost'),
    servers: servers.join(':'),
    options: MOUNT_OPTIONS,
    wantsGlusterd: local ? ' glusterd.service' : '',
  });

const stateOf = async ({ machine, path }: Input, context: StepContext): Promise<string> => {
  const { stdout } = await checked(
    context.machine(machine),
    machine,
    guestScript('mounts.sh', 'mount_state', path, unitName(path)),
    {
      code: 'MOUNT_FAILED',
      what: `Checking the mount at ${path} on ${machine}`,
      signal: context.signal,
    },
  );
  return stdout;
};

/** What a mount lacks, by the output of `mount_state` of mounts.sh; undefined when nothing. */
export const mountGap = (state: string, volume: string): string | undefined => {
  if (!new RegExp(`^mounted \\S+:/${volume}$`, 'm').test(state)) return 'the volume is not mounted';
  if (!/^sealed$/m.test(state)) return 'the mount point is writable while nothing is mounted (not immutable)';
  return /^enabled$/m.test(state) ? undefined : 'the volume is not mounted at boot';
};

const NOT_EMPTY = 17;

const seal = async ({ machine, path }: Input, context: StepContext): Promise<void> => {
  const command = guestScript('mounts.sh', 'seal', path);
  const result = await context.machine(machine).exec(command, { signal: context.signal });
  if (result.exitCode === 0) return;
  if (result.exitCode !== NOT_EMPTY)
    throw new CommandError('MOUNT_FAILED', machine, command, result, {
      what: `Sealing ${path} on ${machine}`,
    });
  throw new CliError(
    'MOUNT_NOT_EMPTY',
    `${path} on ${machine} is not mounted and holds files; the mount would hide them.`,
    {
      hint: `Look at the files and move them away: kglab exec ${machine} -- ls -la ${path}`,
    },
  );
};

const start = async (input: Input, context: StepContext): Promise<void> => {
  const { machine, path, volume } = input;
  const command = cmd(PATHS.guard, path);
  let last;
  const mounted = await waitFor(
    async () => {
      last = await context.machine(machine).exec(command, { signal: context.signal, timeoutMs: MOUNT_MS });
      return last.exitCode === 0 ? true : undefined;
    },
    { clock: context.clock, signal: context.signal, timeoutMs: MOUNT_MS, everyMs: 500 },
  );
  if (mounted || last === undefined) return;
  const log = `/var/log/glusterfs/${path.slice(1).replaceAll('/', '-')}.log`;
  const evidence = await context
    .machine(machine)
    .exec(cmd('tail', '-n', '5', log), { signal: context.signal });
  throw new CommandError('MOUNT_FAILED', machine, command, last, {
    what: `Mounting volume ${volume} at ${path} on ${machine}`,
    details: evidence.stdout.split('\n').filter((line) => line !== ''),
    hint: `Read the log of the mount: kglab exec ${machine} -- tail -n 40 ${log}`,
  });
};

/**
 * The volume is mounted, now and at boot, and nothing can be written to the mount point while it is not. Throws
 * MOUNT_NOT_EMPTY when the directory contains files.
 */
export const mountVolume = defineStep<Input>({
  kind: 'mounts.mount',
  inputs: (config) =>
    kubernetesNodes(config).flatMap((node) => config.volumes.map((volume) => inputOf(config, node, volume))),
  target: ({ machine, volume }) => `${volume}@${machine}`,
  title: ({ machine, volume, path }) => `Mount volume ${volume} at ${path} on ${machine}`,
  needs: ({ machine, volume }) => [
    `mounts.guard:${machine}`,
    `machines.hosts:${machine}`,
    `gluster.start:${volume}`,
  ],
  probe: async (input, context) => {
    const unit = renderMountUnit(context.templates['gluster.mount'] ?? '', input);
    const [state, found] = await awaitAll([
      stateOf(input, context),
      readFile(context.machine(input.machine), `/etc/systemd/system/${unitName(input.path)}`, context),
    ]);
    if (found !== unit) return pending('the systemd unit of the mount is missing or outdated');
    const gap = mountGap(state, input.volume);
    return gap === undefined ? satisfied : pending(gap);
  },
  apply: async (input, context) => {
    const machine = context.machine(input.machine);
    const unit = unitName(input.path);
    const { signal } = context;
    await seal(input, context);
    await writeFile(
      machine,
      `/etc/systemd/system/${unit}`,
      renderMountUnit(context.templates['gluster.mount'] ?? '', input),
      { mode: '0644', signal },
    );
    await checked(machine, input.machine, guestScript('mounts.sh', 'enable_unit', unit), {
      code: 'MOUNT_FAILED',
      what: `Enabling ${unit} on ${input.machine}`,
      signal,
    });
    await start(input, context);
  },
});

const text = guestProgram('guard.sh');

/** The program that mounts a volume and checks that it answers is installed; the mount units and k3s use it. */
export const installGuard = defineStep<{ readonly machine: string }>({
  kind: 'mounts.guard',
  inputs: (config) => kubernetesNodes(config).map(({ machine }) => ({ machine })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Install the mount guard on ${machine}`,
  needs: ({ machine }) => [`machines.ready:${machine}`],
  probe: async ({ machine }, context) =>
    (await readFile(context.machine(machine), PATHS.guard, { ...context, where: machine })) === text
      ? satisfied
      : pending(`${PATHS.guard} is missing or outdated`),
  apply: ({ machine }, context) =>
    writeFile(context.machine(machine), PATHS.guard, text, {
      mode: '0755',
      signal: context.signal,
      where: machine,
    }),
});
