import type { LabPicture, PictureBrick, PictureMount, PictureNode } from './lab-picture.js';
import { classLine, fit, kubernetesState, machineState, marked, volumeLines } from './picture-marks.js';

/** Two boxes of 45 columns or three of 29, with gaps of three, have the same width. */
const WIDTH = 93;
const GAP = 3;

/** Nodes whose boxes are drawn side by side. */
interface Row {
  readonly nodes: readonly PictureNode[];
  readonly boxWidth: number;
}

const boxWidth = (columns: number): number => (WIDTH - (columns - 1) * GAP) / columns;

/** Up to three nodes above the storage, up to three below. */
const split = (nodes: readonly PictureNode[]): [Row, Row] => {
  const columns = nodes.length <= 2 || nodes.length === 4 ? 2 : 3;
  const row = (from: number, to: number): Row => ({
    nodes: nodes.slice(from, to),
    boxWidth: boxWidth(columns),
  });
  return [row(0, columns), row(columns, nodes.length)];
};

const LABEL = 8;

/** The path if it fits, else the volume; the storage box shows the paths too. */
const place = (label: string, part: PictureBrick | PictureMount, inner: number): string => {
  const full = marked(part.health, part.path);
  const shown = full.length <= inner - LABEL ? full : marked(part.health, part.volume);
  return label.padEnd(LABEL) + fit(shown, inner - LABEL);
};

/** The lines of a box, each at most `inner` columns wide. */
const facts = ({ roles, address, kubernetes, bricks, mounts }: PictureNode, inner: number): string[] => [
  fit(roles.join(' + '), inner),
  fit(address ?? 'no address yet', inner),
  ...(kubernetes === undefined
    ? []
    : ['k3s'.padEnd(LABEL) + fit(kubernetesState(kubernetes), inner - LABEL)]),
  ...bricks.map((brick) => place(brick.arbiter ? 'arbiter' : 'brick', brick, inner)),
  ...mounts.map((mount) => place('mount', mount, inner)),
];

/** A box with `height` lines of text; the pins connect it to the storage. */
const nodeBox = (
  node: PictureNode,
  width: number,
  height: number,
  pins: { top: boolean; bottom: boolean },
): string[] => {
  const inner = width - 4;
  const state = machineState(node.machine);
  const name = fit(node.name, inner - state.length - 5);
  const rule = '─'.repeat(Math.max(1, width - name.length - state.length - (state === '' ? 5 : 8)));
  const top = state === '' ? `┌─ ${name} ${rule}┐` : `┌─ ${name} ${rule} ${state} ─┐`;
  const lines = facts(node, inner);
  const padding = Array.from({ length: height - lines.length }, () => '');
  return [
    pins.top ? pin(top, '┴') : top,
    ...[...lines, ...padding].map((line) => `│ ${line.padEnd(inner)} │`),
    pins.bottom ? pin(`└${'─'.repeat(width - 2)}┘`, '┬') : `└${'─'.repeat(width - 2)}┘`,
  ];
};

/** Puts a mark into the middle of a horizontal line, but never over text. */
const pin = (line: string, mark: string): string => {
  const at = Math.floor(line.length / 2);
  return line[at] === '─' ? line.slice(0, at) + mark + line.slice(at + 1) : line;
};

const usesStorage = ({ bricks, mounts }: PictureNode): boolean => bricks.length + mounts.length > 0;

const beside = (blocks: readonly (readonly string[])[]): string[] =>
  (blocks[0] ?? []).map((_, line) => blocks.map((block) => block[line] ?? '').join(' '.repeat(GAP)));

const drawRow = ({ nodes, boxWidth: width }: Row, side: 'top' | 'bottom'): string[] => {
  const height = Math.max(0, ...nodes.map((node) => facts(node, width - 4).length));
  return beside(
    nodes.map((node) => {
      const linked = usesStorage(node);
      return nodeBox(node, width, height, {
        top: linked && side === 'top',
        bottom: linked && side === 'bottom',
      });
    }),
  );
};

/** Columns of the vertical lines between a row and the storage. */
const links = ({ nodes, boxWidth: width }: Row): number[] =>
  nodes.flatMap((node, index) => (usesStorage(node) ? [index * (width + GAP) + Math.floor(width / 2)] : []));

const marks = (line: string, columns: readonly number[], mark: string): string =>
  columns.reduce((drawn, column) => drawn.slice(0, column) + mark + drawn.slice(column + 1), line);

const storageLines = (lab: LabPicture): string[] =>
  lab.volumes.flatMap((volume, index) => {
    const classes = lab.classes.filter((one) => one.volume === volume.name);
    const lines = [...volumeLines(lab, volume), ...classes.map(classLine)];
    return [...(index === 0 ? [] : ['']), lines[0] ?? '', ...lines.slice(1).map((line) => `  ${line}`)];
  });

const storageBox = (lab: LabPicture, above: readonly number[], below: readonly number[]): string[] => [
  marks(`╔${'═'.repeat(WIDTH - 2)}╗`, above, '╧'),
  ...storageLines(lab).map((line) => `║ ${fit(line, WIDTH - 4).padEnd(WIDTH - 4)} ║`),
  marks(`╚${'═'.repeat(WIDTH - 2)}╝`, below, '╤'),
];

const strings = (columns: readonly number[]): string[] =>
  columns.length === 0 ? [] : [marks(' '.repeat(WIDTH), columns, '│')];

/** Draws a lab of few nodes: boxes around the storage, connected to it if they have bricks or mounts. */
export const drawBoxes = (lab: LabPicture): string[] => {
  const [upper, lower] = split(lab.nodes);
  const above = links(upper);
  const below = links(lower);
  return [
    ...drawRow(upper, 'bottom'),
    ...strings(above),
    ...(lab.volumes.length === 0 ? [] : storageBox(lab, above, below)),
    ...strings(below),
    ...drawRow(lower, 'top'),
  ];
};
