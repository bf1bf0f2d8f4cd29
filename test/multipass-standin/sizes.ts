/** Bytes of `1G`, `512M`, `1.5GiB`, `1234`; undefined for what is not a size. */
export const parseSize = (text: string): number | undefined => {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmg])?(?:i?b)?\s*$/i.exec(text) ?? [];
  if (number === undefined || (number.includes('.') && unit === '')) return undefined;
  const power = ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
  return Math.floor(Number(number) * 1024 ** power);
};

export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;
