/** A shell pattern (`*`, `?`, `[…]`) as a regular expression over the whole text. */
export const patternOf = (pattern: string, slashes = true): RegExp => {
  const any = slashes ? '[^]' : '[^/]';
  const source = pattern.replaceAll(/\[[^\]]*\]|[*?]|[.+^${}()|\\[\]/]/g, (found) => {
    if (found === '*') return `${any}*`;
    if (found === '?') return any;
    return found.startsWith('[') && found.length > 1 ? found.replace('[!', '[^') : `\\${found}`;
  });
  return new RegExp(`^${source}$`);
};

/** Whether an unquoted word asks for file names. */
export const isPattern = (text: string): boolean => /[*?[]/.test(text);

/** `${name%pattern}` and its kin: the text without the shortest (or longest) matching end (or start). */
export const strip = (text: string, operator: string, pattern: string): string => {
  const fits = patternOf(pattern);
  const lengths = Array.from({ length: text.length + 1 }, (_, length) => length);
  if (operator.length === 2) lengths.reverse();
  for (const length of lengths) {
    const cut = operator.startsWith('%') ? text.slice(text.length - length) : text.slice(0, length);
    if (fits.test(cut))
      return operator.startsWith('%') ? text.slice(0, text.length - length) : text.slice(length);
  }
  return text;
};
