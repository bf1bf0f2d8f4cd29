import { list, text, type Answer, type Xml } from './xml.js';

/** A member of the trusted pool, as one machine sees it. */
export interface Peer {
  readonly uuid: string;
  /** Every name the pool knows it by; `['localhost']` for the machine that was asked. */
  readonly names: readonly string[];
  readonly connected: boolean;
  /** 3 "Peer in Cluster", 4 "Accepted peer request", 6 "Peer Rejected"; 3 for the machine that was asked. */
  readonly state: number;
  readonly stateText: string;
}

/** Whether this is the machine that was asked. */
export const isSelf = ({ names }: Peer): boolean => names.includes('localhost');

/** Peer states of glusterd: glusterd-sm.h, GD_FRIEND_STATE_*. */
export const IN_CLUSTER = 3;
export const REJECTED = 6;

const peer = (xml: Xml): Peer => {
  const name = text(xml, 'hostname');
  const names = list(xml, 'hostnames', 'hostname').map((entry) => text(entry));
  const self = name === 'localhost';
  return {
    uuid: text(xml, 'uuid'),
    names: [...new Set([name, ...names])],
    connected: text(xml, 'connected') === '1',
    state: self ? IN_CLUSTER : Number(text(xml, 'state')),
    stateText: self ? 'Peer in Cluster' : text(xml, 'stateStr'),
  };
};

/** Reads `pool list` (the machine itself included, as `localhost`) or `peer status` (without it). */
export const parsePeers = ({ body }: Answer): readonly Peer[] => list(body, 'peerStatus', 'peer').map(peer);

/** A volume as glusterd has it. */
export interface Volume {
  readonly name: string;
  readonly id: string;
  readonly started: boolean;
  readonly replica: number;
  readonly arbiter: number;
  /** Bricks of a disperse set and how many of them may be lost; 0 for other types. */
  readonly disperse: number;
  readonly redundancy: number;
  /** `host:/path`, in order. */
  readonly bricks: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

const volume = (xml: Xml): Volume => ({
  name: text(xml, 'name'),
  id: text(xml, 'id'),
  started: text(xml, 'statusStr') === 'Started',
  replica: Number(text(xml, 'replicaCount')),
  arbiter: Number(text(xml, 'arbiterCount')),
  disperse: Number(text(xml, 'disperseCount')),
  redundancy: Number(text(xml, 'redundancyCount')),
  // <brick> has mixed content; its <name> child is the one that is never cut or repeated.
  bricks: list(xml, 'bricks', 'brick').map((brick) => text(brick, 'name')),
  options: Object.fromEntries(
    list(xml, 'options', 'option').map((option) => [text(option, 'name'), text(option, 'value')]),
  ),
});

/** Reads `volume info`, of one volume or of all. */
export const parseVolumes = ({ body }: Answer): readonly Volume[] =>
  list(body, 'volInfo', 'volumes', 'volume').map(volume);

/** A process of a volume: a brick, or a daemon such as the self-heal daemon. */
export interface VolumeProcess {
  readonly host: string;
  readonly path: string;
  readonly online: boolean;
}

/** Reads `volume status NAME`. Bricks of machines whose glusterd is down are absent from it. */
export const parseStatus = ({ body }: Answer): readonly VolumeProcess[] =>
  list(body, 'volStatus', 'volumes', 'volume').flatMap((entry) =>
    list(entry, 'node').map((node) => ({
      host: text(node, 'hostname'),
      path: text(node, 'path'),
      online: text(node, 'status') === '1',
    })),
  );

/** What waits for healing on a brick; `pending` is undefined when the brick cannot be reached. */
export interface BrickHeal {
  readonly brick: string;
  readonly status: string;
  readonly pending: number | undefined;
}

/** Reads `volume heal NAME info`. */
export const parseHeal = ({ body }: Answer): readonly BrickHeal[] =>
  list(body, 'healInfo', 'bricks', 'brick').map((brick) => {
    const count = text(brick, 'numberOfEntries');
    return {
      brick: text(brick, 'name'),
      status: text(brick, 'status'),
      pending: /^\d+$/.test(count) ? Number(count) : undefined,
    };
  });
