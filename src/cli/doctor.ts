import { runChecks, type Checked } from '../machines/host-check.js';
import type { World } from '../lab/world.js';
import { CliError } from '../errors/cli-error.js';
import { checked } from '../exec/checked.js';
import { cmd } from '../exec/command.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { labConfig } from './support/lab-file.js';
import { renderOutput, renderTable } from './support/output.js';
import type { Session } from './support/session.js';
import { openWorld } from './support/open-world.js';
import { stdout } from './support/streams.js';

export interface DoctorFlags extends LabFlags, OutputFlags {
  readonly fix?: boolean;
  readonly yes?: boolean;
}

/** A dozen packages over a slow connection, in milliseconds. */
const APT_MS = 900_000;

const packagesOf = (results: readonly Checked[]): readonly string[] => [
  ...new Set(results.flatMap(({ finding }) => (finding.ok ? [] : (finding.fix?.packages ?? [])))),
];

const install = async (packages: readonly string[], { yes }: DoctorFlags, world: World): Promise<void> => {
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!yes) {
    if (!process.stdin.isTTY)
      throw new CliError('CONFIRMATION_NEEDED', 'Installing packages changes this host.', {
        hint: `Confirm with --yes: kglab doctor --fix --yes\nOr run it yourself: ${line}`,
      });
    const { askYes } = await import('../wizard/ask.js');
    if (!(await askYes(`Run ${line}?`))) return;
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const options = { code: 'HOST_UNFIT', signal: world.signal, timeoutMs: APT_MS, onLine: world.say } as const;
  await checked(
    world.host,
    'this host',
    { ...cmd('apt-get', 'update', '-q'), env },
    { ...options, what: 'Reading the package lists' },
  );
  await checked(
    world.host,
    'this host',
    { ...cmd('apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages), env },
    { ...options, what: 'Installing packages' },
  );
};

const rows = (results: readonly Checked[]): string[][] =>
  results.map(({ check, finding }) => [
    verdictOf({ check, finding }),
    check.title,
    finding.found,
    fixOf(finding.fix),
  ]);

const verdictOf = ({ check: { optional }, finding }: Checked): string => {
  if (finding.ok) return 'ok';
  return optional === undefined ? 'missing' : `optional: needed only for ${optional}`;
};

const fixOf = (fix: Checked['finding']['fix']): string =>
  [
    ...(fix?.packages?.length ? [`apt install ${fix.packages.join(' ')}`] : []),
    ...(fix?.commands ?? []),
  ].join('; ');

/** `kglab doctor` */
export const doctorCommand = async (session: Session, flags: DoctorFlags): Promise<void> => {
  const config = await labConfig(flags);
  const world = await openWorld(session, flags, { what: 'doctor' });
  const provider = await world.chooseProvider(config.provider);
  let results = await runChecks(await world.checks(provider));
  const packages = packagesOf(results);
  if (flags.fix && packages.length > 0) {
    await install(packages, flags, world);
    results = await runChecks(await world.checks(provider));
  }
  const data = {
    provider,
    ok: results.every(({ check, finding }) => finding.ok || check.optional !== undefined),
    checks: results.map(({ check: { id, title, optional }, finding: { error: _error, ...finding } }) => ({
      ...{ id, title, ...(optional !== undefined && { optional }) },
      ...finding,
    })),
  };
  stdout.write(
    await renderOutput(flags.output, data, () =>
      results.length === 0
        ? `The ${provider} provider has no requirements.\n`
        : renderTable(['', 'check', 'found', 'to fix'], rows(results)),
    ),
  );
  if (!data.ok)
    throw new CliError(
      'HOST_UNFIT',
      `This host does not meet the requirements of the ${provider} provider.`,
      {
        hint:
          packages.length > 0 && !flags.fix
            ? 'Install what is missing: kglab doctor --fix'
            : 'Follow the list above.',
      },
    );
};
