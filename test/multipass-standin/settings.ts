import { parseArgs } from './args.js';
import { failed, usage } from './failure.js';
import { print } from './screen.js';
import { readJson, writeJson } from './files.js';
import type { World } from './world.js';

const STANDARD: Readonly<Record<string, string>> = {
  'client.primary-name': 'primary',
  'local.bridged-network': '',
  'local.privileged-mounts': 'true',
  'local.passphrase': 'false',
};

/** What drives the machines; on paper, that of most people. */
const driverOf = ({ backendName }: World): string => (backendName === 'none' ? 'qemu' : backendName);

/** `multipass get` */
export const get = (args: readonly string[], world: World): void => {
  const { positionals, flags } = parseArgs(args, { raw: 'flag', keys: 'flag' });
  const [key] = positionals;
  if (flags.has('keys') || key === undefined) return print(`${Object.keys(STANDARD).join('\n')}\n`);
  const driver = key === 'local.driver' ? driverOf(world) : undefined;
  const value = world.setting(key) ?? driver ?? STANDARD[key];
  if (value === undefined)
    throw key.startsWith('local.')
      ? failed('get', `Unrecognized settings key: '${key}'`)
      : usage(`Unrecognized settings key: '${key}'`);
  print(`${value === '' && !flags.has('raw') ? '<empty>' : value}\n`);
};

/** `multipass set` */
export const set = ([pair = '', ...rest]: readonly string[], world: World): void => {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  if (key === undefined || value === undefined || rest.length > 0)
    throw usage('Need exactly one key-value pair (in <key>=<value> form).');
  writeJson(world.path('settings.json'), { ...readJson<object>(world.path('settings.json')), [key]: value });
};
