import type { LabPicture } from './lab-picture.js';
import { drawBoxes } from './picture-boxes.js';
import { drawTable } from './picture-table.js';

/** More nodes than this are listed, not drawn: three boxes fit side by side, in a row above and one below. */
const MAX_BOXES = 6;

/** Draws the lab as text, at most 93 columns wide, lines ended by newlines. */
export const drawLab = (lab: LabPicture): string => {
  const body = lab.nodes.length > MAX_BOXES ? drawTable(lab) : drawBoxes(lab);
  return [`Lab ${[lab.name, ...lab.facts].join(' · ')}`, '', ...body]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
};
