import type { Artifacts, ImageChoice } from '../artifacts/artifacts.js';
import { normalizeImage } from '../artifacts/image-names.js';
import type { LabConfig } from '../config/config.js';
import { PROVIDERS, type ProviderId } from '../providers/registry.js';
import { CliError } from '../errors/cli-error.js';
import { quote } from '../exec/command.js';
import { runChecks, type Checked } from '../machines/host-check.js';
import type { World } from '../lab/world.js';

/** Throws CONFIG_INVALID when the lab file asks of the network what the provider has no say in. */
export const assertOffered = (id: ProviderId, { network: { internet, subnet } }: LabConfig): void => {
  if (!PROVIDERS[id].sharedNetwork) return;
  const details = [
    ...(internet === 'off' ? ['network.internet: off'] : []),
    ...(subnet === undefined ? [] : [`network.subnet: ${subnet}`]),
  ];
  if (details.length === 0) return;
  throw new CliError('CONFIG_INVALID', `The network of the ${id} provider is not the lab's to choose.`, {
    details,
    hint: 'Take that out of lab.yaml, or make the lab of system containers (Linux, root): provider: nspawn',
  });
};

/** Throws ARTIFACT_MISSING when machines without internet would need images that no archive of the cache has. */
export const assertImages = (
  { network, smoke }: LabConfig,
  { state, images, extraImages }: Pick<Artifacts, 'state' | 'images' | 'extraImages'>,
  chosen: ImageChoice,
): void => {
  // What a release that is still to be downloaded has is not known yet.
  if (network.internet !== 'off' || state !== 'cached') return;
  const there = new Set([...images, ...extraImages.flatMap(({ refs }) => refs)].map(normalizeImage));
  const needed = [chosen.provisioner, chosen.helper, ...(smoke.enabled ? [chosen.smoke] : [])];
  const missing = [...new Set(needed)].filter((image) => !there.has(normalizeImage(image)));
  if (missing.length === 0) return;
  throw new CliError(
    'ARTIFACT_MISSING',
    'Machines without internet cannot get an image that the lab needs.',
    {
      details: missing.map((image) => `${image} is in no archive of the cache`),
      hint: [
        'On a machine that has them:',
        `  docker save ${missing.map(quote).join(' ')} -o images.tar`,
        'Bring the file to this host, then:',
        '  kglab cache add images.tar',
        'Or let machines reach the internet: network.internet in lab.yaml',
      ].join('\n'),
    },
  );
};

/** Throws before anything is touched when the host lacks something: all that it lacks, at once. */
export const assertFit = async (id: ProviderId, world: World): Promise<void> => {
  const bad = (await runChecks(await world.checks(id), { needed: true })).filter(
    ({ finding }) => !finding.ok,
  );
  if (bad.length === 0) return;
  const details = bad.map(({ check, finding }) => `${check.title}: ${finding.found}`);
  // Without root, other checks cannot tell: that comes first, whatever else may be missing.
  if (bad.some(({ check }) => check.id === 'root'))
    throw new CliError(
      'HOST_NOT_ROOT',
      `The ${id} provider makes machines of this host's own means, and that takes root.`,
      {
        details,
        hint: 'Run it as root (sudo kglab up), or choose a provider that needs none: --provider multipass',
      },
    );
  const known = bad.find(({ finding }) => finding.error !== undefined)?.finding.error;
  throw new CliError(known?.code ?? 'HOST_UNFIT', `This host is not ready for the ${id} provider.`, {
    details,
    hint: known?.hint ?? adviceOf(bad),
    cause: known,
  });
};

/** What to do about findings: `doctor` can only install packages. */
const adviceOf = (bad: readonly Checked[]): string => {
  const commands = bad.flatMap(({ finding }) => finding.fix?.commands ?? []);
  const packages = bad.some(({ finding }) => (finding.fix?.packages ?? []).length > 0);
  const lines = [...(packages ? ['Let kglab install what is missing: kglab doctor --fix'] : []), ...commands];
  return lines.length > 0 ? lines.join('\n') : 'See all that was looked at: kglab doctor';
};
