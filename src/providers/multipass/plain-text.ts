import { stripVTControlCharacters } from 'node:util';

/** What makes the client's next words overwrite the line: going back to its start, or clearing it. */
const ANEW = /\r|\u001b\[2K/;

const typed = (text: string): string => {
  let line = '';
  for (const char of text) line = char === '\b' ? line.slice(0, -1) : line + char;
  return line;
};

/**
 * A text as a person would have it on the screen in the end: the client draws spinners and percentages into pipes, too,
 * ten frames a second.
 */
export const plainText = (text: string): string =>
  text
    .split('\n')
    .map((line) => typed(stripVTControlCharacters(line.split(ANEW).at(-1) ?? '')).trimEnd())
    .join('\n');
