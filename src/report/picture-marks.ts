import { styleText } from 'node:util';
import type { MachineState } from '../machines/provider.js';
import type { Health, LabPicture, PictureClass, PictureNode, PictureVolume } from './lab-picture.js';

const MARKS: Record<Health, string> = { good: '● ', off: '○ ', bad: '✗ ', unknown: '' };

/** A text with the mark of its health before it. */
export const marked = (health: Health, text: string): string => `${MARKS[health]}${text}`;

/** Cuts a text to a width with an ellipsis; keeps more of the end, where paths differ. */
export const fit = (text: string, width: number): string => {
  if (text.length <= width) return text;
  const start = Math.ceil((width - 1) / 3);
  return `${text.slice(0, start)}…${text.slice(text.length - (width - 1 - start))}`;
};

const MACHINE_HEALTH: Record<MachineState, Health> = { running: 'good', stopped: 'off', unknown: 'bad' };

/** The state of a machine with its mark; empty for a planned machine. */
export const machineState = (state: MachineState | undefined): string =>
  state === undefined ? '' : marked(MACHINE_HEALTH[state], state);

/** The state of a Kubernetes node with its mark. */
export const kubernetesState = (state: string): string => {
  if (state === 'planned') return state;
  return marked(state === 'Ready' ? 'good' : 'bad', state);
};

/** How many parts are good, e.g. `2 of 3`; only their number for a planned lab. */
export const countGood = (parts: readonly { readonly health: Health }[], of = ' of '): string => {
  const good = parts.filter(({ health }) => health === 'good').length;
  return parts.every(({ health }) => health === 'unknown')
    ? `${parts.length}`
    : `${good}${of}${parts.length}`;
};

/** Two lines about a volume: type and bricks; mount point and mounts. */
export const volumeLines = ({ nodes }: LabPicture, volume: PictureVolume): [string, string] => {
  const ours = <T extends { readonly volume: string }>(parts: (node: PictureNode) => readonly T[]): T[] =>
    nodes.flatMap(parts).filter((part) => part.volume === volume.name);
  const bricks = ours(({ bricks }) => bricks);
  const mounts = ours(({ mounts }) => mounts);
  const facts = [volume.type, ...(volume.state === undefined ? [] : [volume.state])];
  const folder = bricks[0] === undefined ? '' : ` in ${bricks[0].path}`;
  return [
    `${marked(volume.health, `volume ${volume.name}`)} · ${facts.join(' · ')} · bricks: ${countGood(bricks)}${folder}`,
    `mounted at ${volume.mount} · nodes: ${countGood(mounts)}`,
  ];
};

/** A StorageClass in one line. */
export const classLine = ({ name, default: isDefault, reclaim }: PictureClass): string =>
  `StorageClass ${name}${isDefault ? ' (default)' : ''} · reclaim ${reclaim}`;

/** Colours the marks of a drawn picture. */
export const paintPicture = (text: string): string =>
  text
    .replaceAll('●', (mark) => styleText('green', mark, { validateStream: false }))
    .replaceAll('○', (mark) => styleText('yellow', mark, { validateStream: false }))
    .replaceAll('✗', (mark) => styleText('red', mark, { validateStream: false }));
