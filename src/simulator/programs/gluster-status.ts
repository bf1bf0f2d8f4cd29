import { glusterdRuns, peersOf, uuidOf } from '../gluster/glusterd.js';
import { reach } from '../world/network.js';
import type { Call } from './program.js';
import { brickName, brickRuns } from '../world/volumes.js';
import type { SimBrick, SimVolume } from '../world/world.js';
import { answer, brickXml, type Element } from './gluster-xml.js';

const uuidOfBrick = ({ world, machine }: Call, brick: SimBrick): string => {
  if (brick.machine === machine.spec.name) return uuidOf(world, machine);
  return Object.entries(machine.peers).find(([, { names }]) => names.includes(brick.machine))?.[0] ?? '';
};

const CODES = { Created: 0, Started: 1, Stopped: 2 } as const;

/** Types of volumes as glusterd counts them (gf_cluster_type in rpc/xdr/src/cli1-xdr.x). */
const typeXml = ({ replica, redundancy = 0 }: SimVolume): readonly Element[] => {
  const [type, name] = redundancy > 0 ? [4, 'Disperse'] : replica > 1 ? [2, 'Replicate'] : [0, 'Distribute'];
  return [
    ['type', type],
    ['typeStr', name],
  ];
};

const volumeXml = (call: Call, volume: SimVolume): Element => {
  const { name, id, status, bricks, replica, arbiter, redundancy = 0, options } = volume;
  const isArbiter = (index: number): boolean => arbiter > 0 && index % replica === replica - 1;
  const entries = Object.entries(options);
  return [
    'volume',
    [
      ['name', name],
      ['id', id],
      ['status', CODES[status]],
      ['statusStr', status],
      ['snapshotCount', 0],
      ['brickCount', bricks.length],
      ['distCount', bricks.length / replica],
      ['replicaCount', redundancy > 0 ? 1 : replica],
      ['arbiterCount', arbiter],
      ['disperseCount', redundancy > 0 ? replica : 0],
      ['redundancyCount', redundancy],
      ...typeXml(volume),
      ['transport', 0],
      [
        'bricks',
        bricks.map((brick, index) => brickXml(uuidOfBrick(call, brick), brickName(brick), isArbiter(index))),
      ],
      ['optCount', entries.length],
      [
        'options',
        entries.map(([key, value]): Element => [
          'option',
          [
            ['name', key],
            ['value', value],
          ],
        ]),
      ],
    ],
  ];
};

/** `gluster volume info` */
export const volumeInfo = (call: Call, volumes: readonly SimVolume[]): string =>
  answer({}, [
    'volInfo',
    [['volumes', [...volumes.map((one) => volumeXml(call, one)), ['count', volumes.length]]]],
  ]);

/** The answer for a volume that does not exist. */
export const noVolume = (): string =>
  answer({ ret: -1, errno: 30806, error: 'Volume does not exist' }, [
    'volInfo',
    [['volumes', [['count', 0]]]],
  ]);

/** Whether glusterd reaches the glusterd of a brick's machine. */
const heard = ({ world, machine }: Call, { machine: name }: SimBrick): boolean => {
  if (name === machine.spec.name) return true;
  const found = reach(world, machine, name);
  return found !== undefined && glusterdRuns(found);
};

const nodeXml = (hostname: string, path: string, uuid: string, online: boolean, port: string): Element => [
  'node',
  [
    ['hostname', hostname],
    ['path', path],
    ['peerid', uuid],
    ['status', online ? 1 : 0],
    ['port', online ? port : 'N/A'],
    [
      'ports',
      [
        ['tcp', online ? port : 'N/A'],
        ['rdma', 'N/A'],
      ],
    ],
    ['pid', online ? 4242 : -1],
  ],
];

/** `gluster volume status NAME`: without the bricks of machines whose glusterd does not answer. */
export const volumeStatus = (call: Call, volume: SimVolume): string => {
  const { name, status, bricks, replica } = volume;
  if (status !== 'Started') return answer({ ret: -1, errno: 30800, error: `Volume ${name} is not started` });
  const present = bricks.filter((brick) => heard(call, brick));
  const nodes = present.map((brick) =>
    nodeXml(
      brick.machine,
      brick.path,
      uuidOfBrick(call, brick),
      brickRuns(call.world, volume, brick),
      '59947',
    ),
  );
  const self = call.machine.spec.name;
  const healers = replica < 2 ? [] : [...new Set(present.map(({ machine }) => machine))];
  const daemons = healers.map((machine) =>
    nodeXml(
      'Self-heal Daemon',
      machine === self ? 'localhost' : machine,
      uuidOfBrick(call, { machine, path: '' }),
      true,
      'N/A',
    ),
  );
  const found: Element[] = [
    ['volName', name],
    ['nodeCount', nodes.length + daemons.length],
    ...nodes,
    ...daemons,
    ['tasks'],
  ];
  return answer({}, ['volStatus', [['volumes', [['volume', found]]]]]);
};

/** `gluster volume heal NAME info` */
export const healInfo = (call: Call, volume: SimVolume): string => {
  const missing = [...new Set(Object.values(volume.stale).flat())];
  const bricks = volume.bricks.map((brick): Element => {
    const online = heard(call, brick) && brickRuns(call.world, volume, brick);
    const own = volume.stale[brickName(brick)] ?? [];
    const waiting = missing.filter((path) => !own.includes(path));
    const files = online ? waiting.map((path): Element => ['file', path || '/']) : [];
    return [
      `brick hostUuid="${online ? uuidOfBrick(call, brick) : '-'}"`,
      [
        ['name', brickName(brick)],
        ...files,
        ['status', online ? 'Connected' : 'Transport endpoint is not connected'],
        ['numberOfEntries', online ? waiting.length : '-'],
      ],
    ];
  });
  return answer({}, ['healInfo', [['bricks', bricks]]]);
};

/** Disconnected peers that make a command on all bricks fail. */
export const absentPeer = (call: Call): string | undefined =>
  peersOf(call.world, call.machine).find(({ connected }) => !connected)?.names[0];
