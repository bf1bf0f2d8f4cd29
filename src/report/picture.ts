import type { LabPicture, PictureNode } from './lab-picture.js';
import { drawBoxes } from './picture-boxes.js';
import { classLine, countGood, fit, kubernetesState, machineState, volumeLines } from './picture-marks.js';

const HEADER = ['NODE', 'ROLES', 'ADDRESS', 'MACHINE', 'KUBERNETES', 'BRICKS', 'MOUNTS'];
const WIDTHS = [20, 14, 15, 11, 12, 6, 6];

/** The roles, shortened if they do not fit. */
const shortRoles = (roles: readonly string[]): string => {
  const text = roles.join(',');
  return text.length <= 14 ? text : roles.map((role) => role.slice(0, 4)).join(',');
};

const partsUp = (parts: PictureNode['bricks'] | PictureNode['mounts']): string =>
  parts.length === 0 ? '-' : countGood(parts, '/');

const row = ({ name, roles, address, machine, kubernetes, bricks, mounts }: PictureNode): string[] => [
  name,
  shortRoles(roles),
  address ?? '-',
  machineState(machine) || '-',
  kubernetes === undefined ? '-' : kubernetesState(kubernetes),
  partsUp(bricks),
  partsUp(mounts),
];

const line = (cells: readonly string[]): string =>
  cells.map((cell, column) => fit(cell, WIDTHS[column] ?? 0).padEnd(WIDTHS[column] ?? 0)).join(' ');

/** A lab of many nodes as a table: one line per node, then the volumes with their classes. */
export const drawTable = (lab: LabPicture): string[] => [
  line(HEADER),
  ...lab.nodes.map((node) => line(row(node))),
  ...lab.volumes.flatMap((volume) => {
    const [what, where] = volumeLines(lab, volume);
    const classes = lab.classes.filter((one) => one.volume === volume.name);
    return ['', what, `  ${where}`, ...classes.map((one) => `  ${classLine(one)}`)];
  }),
];

/** Most nodes drawn as boxes: three above the storage and three below. */
const MAX_BOXES = 6;

/** Draws the lab as text, at most 93 columns wide. */
export const drawLab = (lab: LabPicture): string => {
  const body = lab.nodes.length > MAX_BOXES ? drawTable(lab) : drawBoxes(lab);
  return [`Lab ${[lab.name, ...lab.facts].join(' · ')}`, '', ...body]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
};
