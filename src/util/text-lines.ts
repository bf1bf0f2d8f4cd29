/** Replaces the text from `start` to `end`. */
export const splice = (text: string, start: number, end: number, put: string): string =>
  text.slice(0, start) + put + text.slice(end);

/** Start of the line that contains `at`. */
export const lineStart = (text: string, at: number): number =>
  at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;

/** End of the line that contains `at`, after its line break. */
export const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
};

/** The line break of a text: CRLF if it has any. */
export const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** The spaces before `at` on its line; undefined when there is other text. */
export const padOf = (text: string, at: number): string | undefined => {
  const pad = text.slice(lineStart(text, at), at).replace(/^\uFEFF/, '');
  return pad.trim() === '' ? pad : undefined;
};

/** Inserts lines at the start of a line, or at the end of a text without a final line break. */
export const insertLines = (text: string, at: number, lines: readonly string[]): string => {
  const eol = eolOf(text);
  const block = lines.join(eol);
  const isOpen = at > 0 && text[at - 1] !== '\n';
  return splice(text, at, at, isOpen ? eol + block : block + eol);
};

/** Removes whole lines. A text without a final line break stays without. */
export const removeLines = (text: string, start: number, end: number): string => {
  const isOpen = end === text.length && text[end - 1] !== '\n';
  const from = isOpen ? text.slice(0, start).replace(/\r?\n$/, '').length : start;
  return splice(text, from, end, '');
};
