import { kubernetesNodes } from '../../config/roles.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { copyIn, readFile, writeFile } from '../../guest/files.js';
import { PATHS } from '../../guest/layout.js';
import { mapPool } from '../../util/pool.js';
import { guestScript } from '../../guest/script.js';

/** A file of the release and where k3s wants it. */
interface Payload {
  readonly from: string;
  readonly to: string;
  readonly mode: string;
  /** Checksum to verify after the copy; undefined when none is known. */
  readonly sha256: string | undefined;
}

/** Timeout of a copy (milliseconds): 150 MB into a busy VM. */
const COPY_MS = 900_000;

/** Files copied into a machine at the same time; there may be dozens of image archives. */
const LIMIT = 2;

const payloads = ({ artifacts }: StepContext): readonly Payload[] => [
  { from: artifacts.binary.path, to: PATHS.k3s, mode: '0755', sha256: artifacts.binary.sha256 },
  ...(artifacts.airgap
    ? [
        {
          from: artifacts.airgap.path,
          to: `${PATHS.k3sImages}/${artifacts.airgap.fileName}`,
          mode: '0644',
          sha256: artifacts.airgap.sha256,
        },
      ]
    : []),
  ...artifacts.extraImages.map(({ path, fileName }) => ({
    from: path,
    to: `${PATHS.k3sImages}/${fileName}`,
    mode: '0644',
    sha256: undefined,
  })),
];

const stamp = (context: StepContext): string =>
  [
    context.artifacts.version,
    ...payloads(context).map(({ to, sha256 }) => `${sha256 ?? '-'} ${to}`),
    '',
  ].join('\n');

const copyPayload = async (
  machine: string,
  { from, to, mode, sha256 }: Payload,
  context: StepContext,
): Promise<void> => {
  context.say(`copying ${to}`);
  const options = { signal: context.signal, timeoutMs: COPY_MS };
  await copyIn(context.machine(machine), from, to, { mode, ...options });
  if (!sha256) return;
  await checked(context.machine(machine), machine, guestScript('k3s.sh', 'check_sum', sha256, to), {
    code: 'ARTIFACT_CHECKSUM',
    what: `Checking ${to} on ${machine}`,
    hint: `The copy is damaged. Check whether the disk is full: kglab exec ${machine} -- df -h\nThen run \`kglab up\` again.`,
    ...options,
  });
};

/** The k3s binary with its links and the image archives are installed, with verified checksums. */
export const installK3s = defineStep<{ readonly machine: string }>({
  kind: 'k3s.install',
  inputs: (config) => kubernetesNodes(config).map(({ machine }) => ({ machine })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Install k3s on ${machine}`,
  needs: ({ machine }) => [`machines.ready:${machine}`],
  probe: async ({ machine }, context) => {
    const found = await readFile(context.machine(machine), PATHS.k3sStamp, context);
    if (found === stamp(context)) return satisfied;
    return pending(found === undefined ? 'k3s is not installed' : 'another release is installed');
  },
  apply: async ({ machine }, context) => {
    const { signal } = context;
    const target = context.machine(machine);
    await checked(target, machine, guestScript('k3s.sh', 'begin_install'), {
      code: 'K3S_FAILED',
      what: `Creating the directories for k3s on ${machine}`,
      signal,
    });
    await mapPool(payloads(context), LIMIT, (payload) => copyPayload(machine, payload, context));
    for (const name of ['kubectl', 'ctr', 'crictl'])
      await checked(target, machine, cmd('ln', '-sfn', 'k3s', `/usr/local/bin/${name}`), {
        code: 'K3S_FAILED',
        what: `Linking ${name} on ${machine}`,
        signal,
      });
    await writeFile(target, PATHS.k3sStamp, stamp(context), { mode: '0644', signal });
  },
});
