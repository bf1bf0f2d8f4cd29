/** A text with what stands from `start` to `end` replaced. */
export const splice = (text: string, start: number, end: number, put: string): string =>
  text.slice(0, start) + put + text.slice(end);

/** Where the line of `at` begins. */
export const lineStart = (text: string, at: number): number =>
  at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;

/** Where the line of `at` ends, with its line end. */
export const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
};

/** The line end of a text: CRLF if it has any. */
export const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** The blanks before `at` when nothing else stands there on its line. */
export const padOf = (text: string, at: number): string | undefined => {
  const pad = text.slice(lineStart(text, at), at).replace(/^\uFEFF/, '');
  return pad.trim() === '' ? pad : undefined;
};

/** Puts lines in at a line's start, or at the end of a text whose last line has no line end. */
export const insertLines = (text: string, at: number, lines: readonly string[]): string => {
  const eol = eolOf(text);
  const block = lines.join(eol);
  const isOpen = at > 0 && text[at - 1] !== '\n';
  return splice(text, at, at, isOpen ? eol + block : block + eol);
};

/** Takes whole lines out. A text whose last line has no line end gets none. */
export const removeLines = (text: string, start: number, end: number): string => {
  const isOpen = end === text.length && text[end - 1] !== '\n';
  const from = isOpen ? text.slice(0, start).replace(/\r?\n$/, '').length : start;
  return splice(text, from, end, '');
};
