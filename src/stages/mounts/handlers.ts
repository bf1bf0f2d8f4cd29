import { pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import { CliError, CommandError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd, sh } from '../../exec/command.js';
import { readFile, writeFile } from '../../exec/files.js';
import { waitFor } from '../../util/wait.js';
import { PATHS } from '../paths.js';
import { unitName } from '../unit-name.js';
import { renderMountUnit, type MountInput } from './unit.js';
import { awaitAll } from '../../util/pool.js';

/** How long to try to mount: bricks may still be starting, and one try gives up after 60 s (the unit's TimeoutSec). */
const MOUNT_MS = 90_000;

/**
 * Words about a mount point: `mounted SOURCE` or `unmounted`, `enabled` or not, and `sealed` when the directory
 * below is immutable. That directory is looked at in a mount namespace of its own, in which the volume is unmounted.
 */
const STATE = `
if [ "$(stat -f -c %t "$1" 2>/dev/null)" = 65735546 ]; then
  grep " $1 fuse.glusterfs " /proc/self/mounts | tail -n 1 | { read -r source _ && echo "mounted $source"; }
else echo unmounted; fi
systemctl is-enabled -q "$2" 2>/dev/null && echo enabled
unshare -m --propagation private sh -c 'umount -l "$1" 2>/dev/null; lsattr -d "$1" 2>/dev/null | cut -d" " -f1 | grep -q i && echo sealed' sh "$1"
:`;

const words = async ({ machine, path }: MountInput, context: StepContext): Promise<string> => {
  const { stdout } = await checked(context.machine(machine), machine, sh(STATE, path, unitName(path)), {
    code: 'MOUNT_FAILED',
    what: `Looking at ${path} on ${machine}`,
    signal: context.signal,
  });
  return stdout;
};

/** What is not yet true of a mount, from the words of {@link STATE}; undefined when all is. */
export const mountGap = (state: string, volume: string): string | undefined => {
  if (!new RegExp(`^mounted \\S+:/${volume}$`, 'm').test(state)) return 'the volume is not mounted';
  if (!/^sealed$/m.test(state)) return 'the directory below the mount is not sealed';
  return /^enabled$/m.test(state) ? undefined : 'the mount does not come up at boot';
};

/** Makes the empty directory below and seals it; refuses one that holds files. */
const SEAL = `
[ "$(stat -f -c %t "$1" 2>/dev/null)" = 65735546 ] && exit 0
umount -l "$1" 2>/dev/null
mkdir -p "$1" && [ -z "$(ls -A "$1")" ] || exit 17
chattr +i "$1"`;

const NOT_EMPTY = 17;

const seal = async ({ machine, path }: MountInput, context: StepContext): Promise<void> => {
  const command = sh(SEAL, path);
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
      hint: `Look at them and move them away: kglab exec ${machine} -- ls -la ${path}`,
    },
  );
};

const start = async (input: MountInput, context: StepContext): Promise<void> => {
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
    hint: `Read its log: kglab exec ${machine} -- tail -n 40 ${log}`,
  });
};

/** The volume is mounted, comes back at boot, and while it is away nothing can be written to its place. */
export const mountHandler: StepHandler<'mounts.mount'> = {
  probe: async (input, context) => {
    const unit = renderMountUnit(context.templates['gluster.mount'] ?? '', input);
    const [state, found] = await awaitAll([
      words(input, context),
      readFile(context.machine(input.machine), `/etc/systemd/system/${unitName(input.path)}`, context),
    ]);
    if (found !== unit) return pending('its unit is not that of this lab');
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
    await checked(machine, input.machine, sh('systemctl daemon-reload && systemctl enable -q "$1"', unit), {
      code: 'MOUNT_FAILED',
      what: `Enabling ${unit} on ${input.machine}`,
      signal,
    });
    await start(input, context);
  },
};
