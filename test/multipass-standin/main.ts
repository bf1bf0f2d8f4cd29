import { exec } from './exec.js';
import { failed, Failure, usage } from './failure.js';
import { hang, take } from './faults.js';
import { sleep } from './files.js';
import { find } from './images.js';
import { info, list, version } from './look.js';
import { print } from './screen.js';
import { get, set } from './settings.js';
import { World } from './world.js';

type Run = (args: readonly string[], world: World) => Promise<number | void> | number | void;

const LIFECYCLE = ['start', 'stop', 'restart', 'suspend', 'delete', 'recover', 'purge'] as const;

const lifecycleCommand =
  (name: (typeof LIFECYCLE)[number]): Run =>
  async (args, world) =>
    (await import('./lifecycle.js')).LIFECYCLE[name](args, world);

const COMMANDS: Readonly<Record<string, Run>> = {
  ...{ list, ls: list, info, exec, find, get, set },
  // Parsing YAML and making machines takes code that short calls need not load.
  launch: async (args, world) => (await import('./launch.js')).launch(args, world),
  ...Object.fromEntries(LIFECYCLE.map((name) => [name, lifecycleCommand(name)])),
};

/** Commands of multipass that the stand-in has not; the first version of those that came later. */
const ABSENT: Readonly<Record<string, number>> = {
  ...{
    alias: 0,
    aliases: 0,
    authenticate: 0,
    mount: 0,
    networks: 0,
    prefer: 0,
    shell: 0,
    transfer: 0,
    umount: 0,
  },
  ...{ snapshot: 13, restore: 13, clone: 15 },
};

const ADDRESS = '/var/snap/multipass/common/multipass_socket';

/** What any command may meet instead of the daemon. */
const meetDaemon = async (command: string, world: World): Promise<void> => {
  const fault = await take(world, command, ['daemon-down', 'socket-denied', 'unauthenticated', 'root-cert']);
  switch (fault?.kind) {
    case undefined:
      return;
    case 'root-cert':
      throw new Failure(
        1,
        "Caught an unhandled exception: failed to open file '/var/snap/multipass/common/data/multipassd/multipass_root_cert.pem': No such file or directory(2)\n",
      );
    case 'daemon-down':
      throw failed(
        command,
        'cannot connect to the multipass socket',
        `Please ensure multipassd is running and '${ADDRESS}' is accessible`,
      );
    case 'socket-denied':
      throw failed(
        command,
        'multipass socket access denied',
        `Please check that you have read/write permissions to '${ADDRESS}'`,
      );
    default:
      throw failed(
        command,
        'The client is not authenticated with the Multipass service.',
        "Please use 'multipass authenticate' before proceeding.",
      );
  }
};

const versionCommand: Run = async (args, world) => {
  try {
    await meetDaemon('version', world);
  } catch (error) {
    if (error instanceof Failure && error.exitCode === 1) throw error;
    return version(args, world, false);
  }
  return version(args, world, true);
};

const waitReady: Run = async (args, world) => {
  const seconds = Number(args[1] ?? args[0]?.split('=')[1] ?? 3600);
  for (let waited = 0; waited < seconds; waited += 0.5) {
    try {
      return await meetDaemon('wait-ready', world);
    } catch {
      await sleep(500);
    }
  }
  throw new Failure(5, 'Timed out waiting for the Multipass daemon to be ready.\n');
};

const dispatch = async ([command, ...args]: readonly string[], world: World): Promise<number> => {
  if (command === undefined) return (print('Usage: multipass [options] <command>\n'), 2);
  if (command === '--help' || command === '-h' || args.includes('--help'))
    return (print('Usage: multipass …\n'), 0);
  if (command === '--daemon') return (await (await import('./daemon.js')).work(args[0] ?? '', world), 0);
  // What a test does as a person is not what it is to judge.
  if (world.env['MULTIPASS_STANDIN_PERSON'] !== '1') world.note([command, ...args]);
  assertPlace(world);
  await hang(world, command);
  if (command === 'version' || command === '--version' || command === '-V')
    return (await versionCommand(args, world)) ?? 0;
  const { minor } = world.profile;
  const run = command === 'wait-ready' && minor >= 17 ? waitReady : COMMANDS[command];
  if (run === undefined) {
    if ((ABSENT[command] ?? Infinity) <= minor) throw failed(command, 'the stand-in has no such command');
    const text = `Error: Unknown command or alias '${command}' (try "multipass help" or "multipass aliases")\n`;
    throw new Failure(1, '', text);
  }
  if (command !== 'wait-ready') await meetDaemon(command, world);
  return (await run(args, world)) ?? 0;
};

/** A snap may not stand outside of its user's home. */
const assertPlace = ({ env }: World): void => {
  if (env['MULTIPASS_STANDIN_SNAP'] !== '1' || process.cwd().startsWith(env['HOME'] ?? '/root')) return;
  throw usage('cannot open path of the current working directory: Permission denied');
};

const dir = process.env['MULTIPASS_STANDIN_STATE'];
if (dir === undefined) throw new Error('MULTIPASS_STANDIN_STATE is not set');
try {
  process.exitCode = await dispatch(process.argv.slice(2), new World(dir, process.env));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  if (error.stdout !== '') print(error.stdout);
  process.stderr.write(error.stderr);
  process.exitCode = error.exitCode;
}
// What is piped in may still hold the process; nobody waits for it any more.
if (process.argv[2] === 'exec') process.exit();
