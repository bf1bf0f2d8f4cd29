import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { CommandError, reason } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { waitFor } from '../../util/wait.js';
import { markerOf } from './create.js';
import { guestScript } from '../../guest/script.js';

/** Timeout of a first boot (milliseconds): minutes when cloud-init installs packages over a slow line. */
const BOOT_MS = 900_000;
/** Longest single wait inside a machine (milliseconds), so that a broken connection costs no more than that. */
const AWAIT_MS = 60_000;

/** Reads what `boot_state` of machines.sh prints: the marker, whether cloud-init is done, and its errors. */
export const parseBoot = (stdout: string): { marker: string; done: boolean; errors: readonly string[] } => {
  const newline = stdout.indexOf('\n');
  const rest = stdout.slice(newline + 1).trim();
  const marker = stdout.slice(0, newline).trim();
  if (rest === '') return { marker, done: false, errors: [] };
  const result = JSON.parse(rest) as { v1?: { errors?: string[] } };
  return { marker, done: true, errors: result.v1?.errors ?? [] };
};

const bootState = async (machine: string, context: StepContext): Promise<ReturnType<typeof parseBoot>> => {
  const { stdout } = await context
    .machine(machine)
    .exec(guestScript('machines.sh', 'boot_state'), { signal: context.signal, timeoutMs: 30_000 });
  return parseBoot(stdout);
};

const assertOurs = (machine: string, marker: string, { lab }: StepContext): void => {
  if (marker === '' || marker === markerOf({ machine, lab })) return;
  throw new CliError('MACHINE_FOREIGN', `Machine ${machine} belongs to another lab; not touched.`, {
    details: [`/etc/kglab/machine says: ${marker}`],
    hint: 'Give this lab another name in lab.yaml, or remove the other lab first: run `kglab down` in the directory of its lab file',
  });
};

/** A booted machine without a marker is not ours: cloud-init writes the marker first. Throws MACHINE_FOREIGN. */
const assertMarked = (machine: string, marker: string): void => {
  if (marker !== '') return;
  throw new CliError('MACHINE_FOREIGN', `Machine ${machine} has no kglab marker; not touched.`, {
    details: ['/etc/kglab/machine does not exist'],
    hint: 'Give this lab another name in lab.yaml, or remove that machine yourself if it is yours.',
  });
};

const assertClean = async (
  machine: string,
  errors: readonly string[],
  context: StepContext,
): Promise<void> => {
  if (errors.length === 0) return;
  const command = cmd('cloud-init', 'status', '--long');
  const result = await context.machine(machine).exec(command, { signal: context.signal, timeoutMs: 30_000 });
  throw new CommandError('MACHINE_CLOUD_INIT', machine, command, result, {
    what: `cloud-init failed on ${machine}`,
    ending: `(\`cloud-init status\` ${reason(result)}).`,
    details: errors,
    hint: `See the log of cloud-init: kglab exec ${machine} -- tail -n 40 /var/log/cloud-init-output.log`,
  });
};

/**
 * cloud-init is done without errors, and the marker says that the machine belongs to this lab. Throws MACHINE_FOREIGN,
 * MACHINE_CLOUD_INIT or MACHINE_NOT_BOOTED.
 */
export const waitForBoot = defineStep<{ readonly machine: string }>({
  kind: 'machines.ready',
  inputs: ({ nodes }) => nodes.map(({ machine }) => ({ machine })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Wait for cloud-init on ${machine}`,
  needs: ({ machine }) => [`machines.create:${machine}`],
  probe: async ({ machine }, context) => {
    const { marker, done, errors } = await bootState(machine, context);
    assertOurs(machine, marker, context);
    if (!done) return pending('cloud-init is not done');
    await assertClean(machine, errors, context);
    return marker === '' ? pending('/etc/kglab/machine is missing') : satisfied;
  },
  apply: async ({ machine }, context) => {
    const done = await waitFor(
      async () => {
        await context
          .machine(machine)
          .exec(guestScript('machines.sh', 'await_boot'), { signal: context.signal, timeoutMs: AWAIT_MS });
        const seen = await bootState(machine, context);
        assertOurs(machine, seen.marker, context);
        return seen.done ? seen : undefined;
      },
      { clock: context.clock, signal: context.signal, timeoutMs: BOOT_MS, everyMs: 1000 },
    );
    if (done !== undefined) {
      assertMarked(machine, done.marker);
      return assertClean(machine, done.errors, context);
    }
    throw new CliError(
      'MACHINE_NOT_BOOTED',
      `Machine ${machine} did not finish cloud-init within ${BOOT_MS / 60_000} minutes.`,
      {
        hint: `See what cloud-init waits for: kglab exec ${machine} -- cloud-init status --long\nThen run \`kglab up\` again.`,
      },
    );
  },
});
