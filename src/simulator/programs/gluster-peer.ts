import { saveState } from '../gluster/glusterd-files.js';
import { makePeers, glusterdRuns, peersOf, uuidOf, type PeerView } from '../gluster/glusterd.js';
import { nameOf, reach } from '../world/network.js';
import { UnknownUse, type Call } from './program.js';
import { answer, type Element } from './gluster-xml.js';

const STATES = { 3: 'Peer in Cluster', 4: 'Accepted peer request', 6: 'Peer Rejected' } as const;

const peerXml = ({ uuid, names, connected, state }: PeerView): Element => [
  'peer',
  [
    ['uuid', uuid],
    ['hostname', names[0]],
    ['hostnames', names.map((name) => ['hostname', name] as const)],
    ['connected', connected ? 1 : 0],
    ['state', state],
    ['stateStr', STATES[state]],
  ] as Element[],
];

const probe = ({ world, machine }: Call, name: string): string => {
  const found = reach(world, machine, name);
  const said = (errno: number, output: string): string => answer({ errno }, ['output', output]);
  if (found === machine) return said(1, 'Probe on localhost not needed');
  if (found === undefined || !glusterdRuns(found))
    return answer({ ret: -1, errno: 107, error: 'Probe returned with Transport endpoint is not connected' });
  const uuid = uuidOf(world, found);
  if (uuid === uuidOf(world, machine))
    return answer({ ret: -1, errno: 3, error: `Peer uuid (host ${name}) is same as local uuid` });
  const known = machine.peers[uuid];
  if (known !== undefined) {
    if (!known.names.includes(name)) known.names.push(name);
    saveState(world, machine);
    // The peer may have lost its state: tell it again.
    if (found.peers[uuidOf(world, machine)] === undefined)
      makePeers(world, machine, found, known.names[0] ?? name, nameOf(found, machine.address));
    return said(2, `Host ${name} port 24007 already in peer list`);
  }
  const theirs = Object.keys(found.peers);
  if (theirs.length > 0 && !theirs.includes(uuidOf(world, machine)))
    return answer({
      ret: -1,
      errno: 3,
      error: `${name} is either already part of another cluster or having volumes configured`,
    });
  makePeers(world, machine, found, name, nameOf(found, machine.address));
  return said(0, 'success');
};

const detach = ({ world, machine }: Call, name: string): string => {
  const found = Object.entries(machine.peers).find(([, { names }]) => names.includes(name));
  if (found === undefined) return answer({ ret: 1, errno: 4, error: `${name} is not part of cluster` });
  const has = machine.volumes.some((id) => world.volumes[id]?.bricks.some((brick) => brick.machine === name));
  if (has) return answer({ ret: 1, errno: 3, error: `Peer ${name} hosts one or more bricks.` });
  for (const other of Object.values(world.machines)) {
    delete other.peers[found[0]];
    saveState(world, other);
  }
  const gone = world.machines[name];
  for (const uuid of Object.keys(gone?.peers ?? {})) delete gone?.peers[uuid];
  if (gone) saveState(world, gone);
  return answer({}, ['output', 'success']);
};

/** `gluster peer …` and `gluster pool list`. */
export const glusterPeer = async (call: Call, [verb = '', name = '']: readonly string[]): Promise<string> => {
  const { world, machine } = call;
  if (verb === 'probe') {
    await call.sleep(300);
    return probe(call, name);
  }
  if (verb === 'detach') return detach(call, name);
  const peers = peersOf(world, machine).map(peerXml);
  if (verb === 'status') return answer({}, ['peerStatus', peers]);
  if (verb !== 'list') throw new UnknownUse(`gluster peer ${verb}`);
  const self: Element = [
    'peer',
    [
      ['uuid', uuidOf(world, machine)],
      ['hostname', 'localhost'],
      ['connected', 1],
    ],
  ];
  return answer({}, ['peerStatus', [...peers, self]]);
};
