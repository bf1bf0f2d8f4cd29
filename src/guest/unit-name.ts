/** Name of the systemd mount unit of a path, escaped as systemd-escape(1) does it. */
export const unitName = (path: string): string => {
  const trimmed = path
    .split('/')
    .filter((part) => part !== '')
    .join('/');
  if (trimmed === '') return '-.mount';
  const escaped = [...new TextEncoder().encode(trimmed)].map((byte, index) => {
    const char = String.fromCharCode(byte);
    if (char === '/') return '-';
    const plain = /[A-Za-z0-9:_.]/.test(char) && !(index === 0 && char === '.');
    return plain ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `${escaped.join('')}.mount`;
};
