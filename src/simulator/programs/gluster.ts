import { saveState } from '../gluster/glusterd-files.js';
import { glusterdRuns, catchUp, markBrick, resetBrick, startBricks, uuidOf } from '../gluster/glusterd.js';
import { UnknownUse, type Call, type Program } from './program.js';
import { brickName, processKey } from '../world/volumes.js';
import type { SimVolume } from '../world/world.js';
import { createVolume } from './gluster-create.js';
import { glusterPeer } from './gluster-peer.js';
import { absentPeer, healInfo, noVolume, volumeInfo, volumeStatus } from './gluster-status.js';
import { textOf } from './gluster-text.js';
import { answer } from './gluster-xml.js';

const failed = (error: string): string => answer({ ret: -1, errno: 30800, error });

const done = (verb: string, { name, id }: SimVolume): string =>
  answer({}, [
    verb,
    [
      [
        'volume',
        [
          ['name', name],
          ['id', id],
        ],
      ],
    ],
  ]);

type Verb = (call: Call, volume: SimVolume, words: readonly string[]) => string;

const start: Verb = (call, volume, [force]) => {
  if (volume.status === 'Started' && force !== 'force')
    return failed(`Volume ${volume.name} already started`);
  volume.status = 'Started';
  startBricks(call.sim, call.machine, volume);
  return done('volStart', volume);
};

const stop: Verb = ({ world }, volume) => {
  if (volume.status !== 'Started') return failed(`Volume ${volume.name} is not in the started state`);
  volume.status = 'Stopped';
  for (const { machine, path } of volume.bricks)
    delete world.machines[machine]?.running?.bricks[processKey(volume, path)];
  return done('volStop', volume);
};

const remove: Verb = ({ world }, volume) => {
  if (volume.status === 'Started')
    return failed(`Volume ${volume.name} has been started.Volume needs to be stopped before deletion.`);
  delete world.volumes[volume.id];
  for (const machine of Object.values(world.machines)) {
    if (!machine.volumes.includes(volume.id)) continue;
    machine.volumes = machine.volumes.filter((id) => id !== volume.id);
    saveState(world, machine);
  }
  return done('volDelete', volume);
};

const set: Verb = (_call, volume, words) => {
  if (words[0] === 'group') return answer({}, ['cliOp', 'volSet'], ['output', 'Set volume successful']);
  const wrong = words.find((word, index) => index % 2 === 0 && !/^[a-z]+\.[a-z][a-z0-9.-]*$/.test(word));
  if (wrong !== undefined || words.length % 2 === 1)
    return answer({ ret: -1, errno: 30800, error: `option : ${wrong} does not exist` }, ['cliOp', 'volSet']);
  const pairs = words.flatMap((word, index) =>
    index % 2 === 0 ? [[word, words[index + 1] as string] as const] : [],
  );
  volume.options = { ...volume.options, ...Object.fromEntries(pairs) };
  return answer({}, ['cliOp', 'volSet'], ['output', 'Set volume successful']);
};

const get: Verb = (_call, volume, [key = '']) => {
  const value = volume.options[key];
  return answer({}, [
    'volGetopts',
    [
      ['count', 1],
      [
        'Opt',
        [
          ['Option', key],
          ['Value', value ?? 'off (DEFAULT)'],
        ],
      ],
    ],
  ]);
};

const heal: Verb = (call, volume, [what]) => {
  if (what === 'info') return healInfo(call, volume);
  if (what !== 'full' && what !== undefined) throw new UnknownUse(`heal ${what}`);
  const absent = absentPeer(call);
  if (absent !== undefined)
    return `Launching heal operation has been unsuccessful: Commit failed on ${absent}.\n`;
  for (const { machine } of volume.bricks) {
    const host = call.world.machines[machine];
    if (host?.running) call.sim.schedule(host, 'gluster.heal', 3_000, volume.id);
  }
  return `Launching heal operation to perform full self heal on volume ${volume.name} has been successful \n`;
};

/** Directory quota: can be enabled and given limits, but never refuses a write. */
const quota: Verb = (_call, volume, [what = '', ...rest]) => {
  if (what === 'limit-usage' && rest.length === 2 && /^\d+$/.test(rest[1] ?? '')) {
    if (volume.options['features.quota'] !== 'on')
      return failed('quota command failed : Quota is disabled, please enable quota');
    return answer({}, ['cliOp', 'volQuota'], ['output', 'volume quota : success']);
  }
  if (what !== 'enable' || rest.length > 0) throw new UnknownUse(`quota ${[what, ...rest].join(' ')}`);
  if (volume.options['features.quota'] === 'on')
    return failed(`quota command failed : Quota is already enabled`);
  volume.options = { ...volume.options, 'features.quota': 'on' };
  return answer({}, ['cliOp', 'volQuota'], ['output', 'volume quota : success']);
};

const reset: Verb = (call, volume, [place = '', ...rest]) => {
  const brick = volume.bricks.find((one) => brickName(one) === place);
  const host = brick && call.world.machines[brick.machine];
  if (brick === undefined || host === undefined)
    return failed(`Incorrect brick ${place} for volume ${volume.name}`);
  const key = processKey(volume, brick.path);
  if (rest[0] === 'start') delete host.running?.bricks[key];
  else if (rest[1] !== 'commit') throw new UnknownUse(`reset-brick ${rest.join(' ')}`);
  else {
    const isThere = host.disk[brick.path]?.kind === 'dir';
    // glusterd sets the volume id before it decides.
    if (isThere) markBrick(call.world, volume, brick);
    if (!isThere || host.running?.strange?.includes(brick.path))
      return failed('When destination brick is new, please use gluster volume replace-brick');
    resetBrick(call.sim, volume, brick);
    startBricks(call.sim, call.machine, volume);
  }
  return answer({}, ['cliOp', 'volResetBrick'], ['output', 'reset-brick operation successful']);
};

const VERBS: Readonly<Record<string, Verb>> = {
  ...{ start, stop, set, get, heal, quota, delete: remove, status: volumeStatus, 'reset-brick': reset },
  info: (call, volume) => volumeInfo(call, [volume]),
};

const glusterVolume = (call: Call, [verb = '', ...words]: readonly string[]): string => {
  const known = call.machine.volumes.flatMap((id) => call.world.volumes[id] ?? []);
  if (verb === 'create') return createVolume(call, words);
  if (verb === 'info' && words.length === 0) return volumeInfo(call, known);
  if (verb === 'list') {
    const names = known.map(({ name }) => ['volume', name] as const);
    return answer({}, ['volList', [['count', names.length], ...names]]);
  }
  const act = VERBS[verb];
  if (act === undefined) throw new UnknownUse(`gluster volume ${verb}`);
  // An option of all volumes: the simulator does not show these.
  if (verb === 'set' && words.join(' ') === 'all cluster.brick-multiplex on')
    return answer({}, ['cliOp', 'volSet'], ['output', 'Set volume successful']);
  const volume = known.find(({ name }) => name === words[0]);
  if (volume !== undefined) return act(call, volume, words.slice(1));
  return verb === 'info' ? noVolume() : failed(`Volume ${words[0]} does not exist`);
};

const answerOf = (call: Call, [area = '', ...rest]: readonly string[]): Promise<string> | string => {
  if (area === 'peer' || area === 'pool') return glusterPeer(call, rest);
  if (area === 'volume') return glusterVolume(call, rest);
  throw new UnknownUse(`gluster ${area}`);
};

/** gluster(8) with `--xml`, and without it where gluster-text.ts has a text. */
export const gluster: Program = async (call) => {
  const words = call.args.filter((arg) => arg !== '--mode=script' && arg !== '--xml');
  const [area = '', ...rest] = words;
  await call.sleep(area === 'volume' && rest[0] === 'create' ? 900 : 120);
  if (!glusterdRuns(call.machine)) {
    call.io.err('Connection failed. Please check if gluster daemon is operational.\n');
    return 1;
  }
  catchUp(call.world, call.machine);
  if (area === 'system::' && rest.join(' ') === 'uuid get') {
    call.io.out(`UUID: ${uuidOf(call.world, call.machine)}\n`);
    return 0;
  }
  const text = await answerOf(call, words);
  if (call.args.includes('--xml') || !text.startsWith('<')) return (call.io.out(text), 0);
  const shown = textOf(words, text);
  if (shown === undefined) throw new UnknownUse('gluster without --xml');
  if (shown.failed) call.io.err(shown.text);
  else call.io.out(shown.text);
  return shown.failed ? 1 : 0;
};
