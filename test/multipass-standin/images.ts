import { failed, type Failure } from './failure.js';
import { print, qtJson } from './screen.js';
import { lastOf, parseArgs } from './args.js';
import { take } from './faults.js';
import type { World } from './world.js';

/** Names of an image → its release. */
const NAMES: Readonly<Record<string, string>> = {
  '22.04': '22.04',
  jammy: '22.04',
  '24.04': '24.04',
  noble: '24.04',
  '26.04': '26.04',
  resolute: '26.04',
  lts: '26.04',
  default: '26.04',
};

/** The release that a name stands for. */
export const findImage = (name: string): string | undefined => NAMES[name];

/** What a remote out of reach says. */
export const unreachable = (command: string, { profile }: World): Failure =>
  failed(
    command,
    `Remote "" is unknown or unreachable.${profile.minor >= 16 ? ' If image mirror is enabled, please confirm it is valid.' : ''}`,
  );

/** `multipass find` */
export const find = async (args: readonly string[], world: World): Promise<void> => {
  const { minor } = world.profile;
  const parsed = parseArgs(args, { format: 'value', 'force-update': 'flag', 'show-unsupported': 'flag' });
  if (await take(world, 'find', ['offline'])) throw unreachable('find', world);
  const [wanted] = parsed.positionals;
  const images = Object.entries({ '22.04': 'jammy', '24.04': 'noble', '26.04': 'resolute' })
    .filter(([key, alias]) => wanted === undefined || wanted === key || wanted === alias)
    .map(([key, alias]): [string, object] => [
      key,
      {
        aliases: [alias],
        os: 'Ubuntu',
        release: `${key} LTS`,
        remote: minor >= 17 ? 'release' : '',
        version: '20260518',
      },
    ]);
  const blueprints = minor >= 17 ? {} : { [minor >= 16 ? 'blueprints (deprecated)' : 'blueprints']: {} };
  if (lastOf(parsed, 'format') === 'json')
    print(qtJson({ ...blueprints, errors: [], images: Object.fromEntries(images) }));
  else print(images.map(([key]) => `${key}\n`).join(''));
};
