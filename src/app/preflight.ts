import type { Artifacts, ImageChoice } from '../artifacts/artifacts.js';
import { normalizeImage } from '../artifacts/image-names.js';
import type { LabConfig } from '../config/config.js';
import { PROVIDERS, type ProviderId } from '../providers/registry.js';
import { CliError } from '../errors/cli-error.js';
import { quote } from '../exec/command.js';
import { runChecks, type Checked } from '../machines/host-check.js';
import type { World } from '../lab/world.js';

/** Throws CONFIG_INVALID if the lab file has network settings that the provider does not support. */
export const assertOffered = (id: ProviderId, { network: { internet, subnet } }: LabConfig): void => {
  if (!PROVIDERS[id].sharedNetwork) return;
  const details = [
    ...(internet === 'off' ? ['network.internet: off'] : []),
    ...(subnet === undefined ? [] : [`network.subnet: ${subnet}`]),
  ];
  if (details.length === 0) return;
  throw new CliError('CONFIG_INVALID', `The ${id} provider does not support these \`network\` settings.`, {
    details,
    hint: 'Remove these fields from lab.yaml, or use system containers (Linux, root): provider: nspawn',
  });
};

/** Throws ARTIFACT_MISSING if machines without internet need images that are not in the cache. */
export const assertImages = (
  { network, smoke }: LabConfig,
  { state, images, extraImages }: Pick<Artifacts, 'state' | 'images' | 'extraImages'>,
  chosen: ImageChoice,
): void => {
  // The images of a release are known only after its download.
  if (network.internet !== 'off' || state !== 'cached') return;
  const there = new Set([...images, ...extraImages.flatMap(({ refs }) => refs)].map(normalizeImage));
  const needed = [chosen.provisioner, chosen.helper, ...(smoke.enabled ? [chosen.smoke] : [])];
  const missing = [...new Set(needed)].filter((image) => !there.has(normalizeImage(image)));
  if (missing.length === 0) return;
  throw new CliError(
    'ARTIFACT_MISSING',
    'Machines without internet cannot get an image that the lab needs.',
    {
      details: missing.map((image) => `${image} is not in the cache`),
      hint: [
        'On a computer that has them:',
        `  docker save ${missing.map(quote).join(' ')} -o images.tar`,
        'Copy the file to this host, then:',
        '  kglab cache add images.tar',
        'Or give the machines internet access: network.internet in lab.yaml',
      ].join('\n'),
    },
  );
};

/** Throws before anything is changed if the host does not meet the requirements; lists all that are missing. */
export const assertFit = async (id: ProviderId, world: World): Promise<void> => {
  const bad = (await runChecks(await world.checks(id), { needed: true })).filter(
    ({ finding }) => !finding.ok,
  );
  if (bad.length === 0) return;
  const details = bad.map(({ check, finding }) => `${check.title}: ${finding.found}`);
  // Other checks are unreliable without root.
  if (bad.some(({ check }) => check.id === 'root'))
    throw new CliError('HOST_NOT_ROOT', `The ${id} provider needs root.`, {
      details,
      hint: 'Run kglab as root (sudo kglab up), or choose another provider: --provider multipass',
    });
  const known = bad.find(({ finding }) => finding.error !== undefined)?.finding.error;
  throw new CliError(
    known?.code ?? 'HOST_UNFIT',
    `This host does not meet the requirements of the ${id} provider.`,
    {
      details,
      hint: known?.hint ?? adviceOf(bad),
      cause: known,
    },
  );
};

/** The next step for failed checks: `doctor --fix` installs packages only. */
const adviceOf = (bad: readonly Checked[]): string => {
  const commands = bad.flatMap(({ finding }) => finding.fix?.commands ?? []);
  const packages = bad.some(({ finding }) => (finding.fix?.packages ?? []).length > 0);
  const lines = [...(packages ? ['Let kglab install what is missing: kglab doctor --fix'] : []), ...commands];
  return lines.length > 0 ? lines.join('\n') : 'See all checks: kglab doctor';
};
