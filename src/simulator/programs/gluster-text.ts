/** The texts of all elements with a name. */
const all = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text]) => text as string);

const one = (xml: string, name: string): string => all(xml, name)[0] ?? '';

/** The elements with a name, children included; such elements are never nested here. */
const parts = (xml: string, name: string): string[] =>
  xml.match(new RegExp(`<${name}( [^>]*)?>[^]*?</${name}>`, 'g')) ?? [];

const peerStatus = (xml: string): string => {
  const peers = parts(xml, 'peer').map(
    (peer) =>
      `\nHostname: ${one(peer, 'hostname')}\nUuid: ${one(peer, 'uuid')}\nState: ${one(peer, 'stateStr')} (${one(peer, 'connected') === '1' ? 'Connected' : 'Disconnected'})\n`,
  );
  return `Number of Peers: ${peers.length}\n${peers.join('')}`;
};

const poolList = (xml: string): string =>
  `UUID\t\t\t\t\tHostname\tState\n${parts(xml, 'peer')
    .map(
      (peer) =>
        `${one(peer, 'uuid')}\t${one(peer, 'hostname')}\t${one(peer, 'connected') === '1' ? 'Connected' : 'Disconnected'} \n`,
    )
    .join('')}`;

/** `1 x 3 = 3`, `1 x (2 + 1) = 3`, or only the number. */
const countOf = (xml: string): string => {
  const number = (name: string): number => Number(one(xml, name));
  const [total, sets] = [number('brickCount'), number('distCount')];
  const [spare, set] =
    number('disperseCount') > 0
      ? [number('redundancyCount'), number('disperseCount')]
      : [number('arbiterCount'), number('replicaCount')];
  if (set < 2) return String(total);
  return `${sets} x ${spare > 0 ? `(${set - spare} + ${spare})` : set} = ${total}`;
};

const volumeInfo = (xml: string): string =>
  parts(xml, 'volume')
    .map((volume) => {
      const names = parts(volume, 'brick').map((brick) => one(brick, 'name'));
      const options = parts(volume, 'option').map(
        (option) => `${one(option, 'name')}: ${one(option, 'value')}`,
      );
      return [
        ' ',
        `Volume Name: ${one(volume, 'name')}`,
        `Type: ${one(volume, 'typeStr')}`,
        `Volume ID: ${one(volume, 'id')}`,
        `Status: ${one(volume, 'statusStr')}`,
        'Snapshot Count: 0',
        `Number of Bricks: ${countOf(volume)}`,
        'Transport-type: tcp',
        'Bricks:',
        ...names.map((name, index) => `Brick${index + 1}: ${name}`),
        'Options Reconfigured:',
        ...options,
        '',
      ].join('\n');
    })
    .join('');

/** Column of the ports in `volume status`. */
const WIDE = 43;

const volumeStatus = (xml: string): string => {
  const rows = parts(xml, 'node').map((node) => {
    const [host, path] = [one(node, 'hostname'), one(node, 'path')];
    const what = path.startsWith('/') ? `Brick ${host}:${path}` : `${host} on ${path}`;
    const online = one(node, 'status') === '1';
    return `${what.padEnd(WIDE)} ${one(node, 'port').padEnd(10)}${'0'.padEnd(11)}${(online ? 'Y' : 'N').padEnd(8)}${online ? one(node, 'pid') : 'N/A'}\n`;
  });
  const head = `${'Gluster process'.padEnd(WIDE)} TCP Port  RDMA Port  Online  Pid\n${'-'.repeat(78)}\n`;
  return `Status of volume: ${one(xml, 'volName')}\n${head}${rows.join('')} \n`;
};

const healInfo = (xml: string): string =>
  parts(xml, 'brick')
    .map((brick) =>
      [
        `Brick ${one(brick, 'name')}`,
        ...all(brick, 'file'),
        `Status: ${one(brick, 'status')}`,
        `Number of entries: ${one(brick, 'numberOfEntries')}`,
        '\n',
      ].join('\n'),
    )
    .join('');

const TEXTS: readonly (readonly [RegExp, (xml: string) => string])[] = [
  [/^peer status$/, peerStatus],
  [/^pool list$/, poolList],
  [
    /^volume list$/,
    (xml) =>
      all(xml, 'volume')
        .map((name) => `${name}\n`)
        .join(''),
  ],
  [/^volume info/, volumeInfo],
  [/^volume status/, volumeStatus],
  [/^volume heal \S+ info/, healInfo],
];

/** Messages after a successful change of a volume, by verb. */
const DONE: Readonly<Record<string, (name: string) => string>> = {
  create: (name) => `volume create: ${name}: success: please start the volume to access data\n`,
  start: (name) => `volume start: ${name}: success\n`,
  stop: (name) => `volume stop: ${name}: success\n`,
  delete: (name) => `volume delete: ${name}: success\n`,
  set: () => 'volume set: success\n',
  quota: () => 'volume quota : success\n',
};

/** gluster's output for people, made from its XML; undefined where the simulator has no such text. */
export const textOf = (
  words: readonly string[],
  xml: string,
): { readonly text: string; readonly failed: boolean } | undefined => {
  const [area, verb = '', name = ''] = words;
  const failure = one(xml, 'opErrstr');
  const done = area === 'volume' ? DONE[verb] : undefined;
  const failed = failure !== '';
  if (done) return { text: failed ? `volume ${verb}: ${name}: failed: ${failure}\n` : done(name), failed };
  const write = TEXTS.find(([pattern]) => pattern.test(words.join(' ')))?.[1];
  if (write === undefined) return undefined;
  return { text: failed ? `${failure}\n` : write(xml), failed };
};
