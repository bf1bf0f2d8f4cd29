/** An element: a name with text or children, or an empty element. */
export type Element = readonly [name: string, content?: string | number | readonly Element[]];

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const write = ([name, content]: Element, indent: string): string => {
  if (content === undefined || content === '') return `${indent}<${name}/>\n`;
  if (typeof content !== 'object') return `${indent}<${name}>${escape(String(content))}</${name}>\n`;
  const [tag = name] = name.split(' ');
  if (content.length === 0) return `${indent}<${name}/>\n`;
  return `${indent}<${name}>\n${content.map((child) => write(child, `${indent}  `)).join('')}${indent}</${tag}>\n`;
};

/** What `gluster --xml` prints. */
export const answer = (
  {
    ret = 0,
    errno = 0,
    error = '',
  }: { readonly ret?: number; readonly errno?: number; readonly error?: string },
  ...payload: readonly Element[]
): string => {
  const head: Element[] = [
    ['opRet', ret],
    ['opErrno', errno],
    ['opErrstr', error],
  ];
  const children = [...head, ...payload].map((child) => write(child, '  ')).join('');
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cliOutput>\n${children}</cliOutput>\n`;
};

/** A brick in `volume info`: text and children in one element. */
export const brickXml = (uuid: string, name: string, isArbiter: boolean): Element => [
  `brick uuid="${uuid}"`,
  [
    ['name', name],
    ['hostUuid', uuid],
    ['isArbiter', isArbiter ? 1 : 0],
  ],
];
