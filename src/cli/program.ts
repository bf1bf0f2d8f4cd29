import { Command, Option } from 'commander';
import { STAGES } from '../engine/step.js';
import { asDefaultOf, explainUsage, lazilyIn, type Lazily } from './support/registering.js';
import { withLab, withOutput, withShape } from './support/flags.js';
import { addLife } from './life-program.js';
import { ownVersion } from './support/package-info.js';
import type { Session } from './support/session.js';
import { stderr, stdout } from './support/streams.js';
import { addVolumes } from './volumes-program.js';

const addWizard = (program: Command, lazily: Lazily): void => {
  withLab(program.command('init'), 'lab file to write (default: lab.yaml here)')
    .description('ask a few questions and write a lab file')
    .option('-y, --yes', 'do not ask; use values that fit this host')
    .option('--print', 'do not ask; print the lab file and write nothing')
    .option('--force', 'replace an existing file')
    .action(lazily(async () => (await import('./init.js')).initCommand));
};

const addQuestions = (program: Command, lazily: Lazily): void => {
  withShape(withLab(program.command('plan')))
    .description('show all steps of `up` without looking at the lab')
    .addOption(
      new Option('-o, --output <format>', 'format of the result')
        .choices(['text', 'json', 'dot'])
        .default('text'),
    )
    .addOption(new Option('--until <stage>', 'stop after a stage').choices(STAGES))
    .action(lazily(async () => (await import('./plan.js')).planCommand));
  withOutput(withLab(program.command('status')))
    .description('show the state of the lab and the steps that `up` would run')
    .action(lazily(async () => (await import('./status.js')).statusCommand));
  withOutput(program.command('list'))
    .alias('ls')
    .description('list the labs of this user')
    .action(lazily(async () => (await import('./list.js')).listCommand));
  withOutput(withShape(withLab(program.command('doctor'))))
    .description('check whether this host can run a lab')
    .option('--fix', 'install what is missing')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await import('./doctor.js')).doctorCommand));
};

const addAccess = (program: Command, lazily: Lazily): void => {
  withLab(program.command('exec'))
    .description('run a command on a machine, as root')
    .argument('<node>', 'node or machine name')
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .action(lazily(async () => (await import('./exec.js')).execCommand));
  withLab(program.command('kubectl'))
    .description(
      'run kubectl for the cluster; -f before `--` is the lab file, after `--` a manifest on this host',
    )
    .argument('[args...]', 'arguments of kubectl, after --')
    .passThroughOptions()
    .action(lazily(async () => (await import('./kubectl.js')).kubectlCommand));
  withLab(program.command('kubeconfig'))
    .description("print the path of the lab's kubeconfig, or merge it into yours")
    .option('--show', 'print the kubeconfig itself (it contains a private key)')
    .option('--merge', 'add the cluster to your kubeconfig')
    .action(lazily(async () => (await import('./kubeconfig.js')).kubeconfigCommand));
};

const addCache = (program: Command, lazily: Lazily): void => {
  const cache = program.command('cache').description('manage cached k3s releases and images');
  withOutput(asDefaultOf(cache, cache.command('list', { isDefault: true })))
    .description('list the entries of the cache')
    .action(lazily(async () => (await import('./cache.js')).cacheListCommand));
  withOutput(cache.command('add'))
    .description('add a k3s release (a folder) or an image archive (a file)')
    .argument('<path...>', 'folder of a k3s release, or file of an image archive')
    .option(
      '--version <tag>',
      'release tag, such as v1.36.2+k3s1; needed only if the binary cannot run on this host',
    )
    .addOption(
      new Option('--arch <arch>', 'architecture to add, if the folder has files for several').choices([
        'amd64',
        'arm64',
      ]),
    )
    .action(lazily(async () => (await import('./cache.js')).cacheAddCommand));
  cache
    .command('rm')
    .description('remove entries from the cache (names as in `cache list`)')
    .argument('<entry...>', 'name as in `cache list`')
    .action(lazily(async () => (await import('./cache.js')).cacheRemoveCommand));
};

/** After an error of usage, each command names its own help. */
const nameHelpAfterError = (command: Command, words: string): void => {
  command.showHelpAfterError(`(see ${words} --help)`);
  for (const one of command.commands) nameHelpAfterError(one, `${words} ${one.name()}`);
};

const takesName = ({ commands }: Command, name: string): boolean =>
  commands.some((one) => one.name() === name && one.options.some(({ long }) => long === '--name'));

/** The whole command line. Throws usage errors as CommanderError, after printing them on stderr. */
export const buildProgram = (session: Session): Command => {
  const program: Command = new Command('kglab')
    .description(
      'A storage lab in one command: machines, a GlusterFS trusted pool, k3s and shared local-path volumes.',
    )
    .version(`kglab ${ownVersion()}`, '--version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (message, write) => write(explainUsage(message, (name) => takesName(program, name))),
    });
  const lazily = lazilyIn(session);
  addWizard(program, lazily);
  addLife(program, lazily);
  addQuestions(program, lazily);
  addAccess(program, lazily);
  addVolumes(program, lazily);
  addCache(program, lazily);
  withOutput(program.command('version'))
    .description('print the version')
    .action(lazily(async () => (await import('./version.js')).versionCommand));
  nameHelpAfterError(program, 'kglab');
  return program;
};
