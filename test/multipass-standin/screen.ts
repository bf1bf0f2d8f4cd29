import { writeSync } from 'node:fs';

const CLEAR = '\u001b[2K\u001b[0A\u001b[0E';
const FRAMES = '/-\\|';

/** The spinner of the client: it draws on stdout, terminal or not. */
export class Spinner {
  private timer: NodeJS.Timeout | undefined;
  private frame = 0;

  start(text: string): void {
    this.stop();
    writeSync(1, `${CLEAR}${text}  `);
    this.timer = setInterval(() => writeSync(1, `\b${FRAMES[this.frame++ % FRAMES.length]}`), 100);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    writeSync(1, `\b ${CLEAR}`);
  }
}

/** Progress of a download. */
export const showProgress = (text: string, percent: number): void =>
  void writeSync(1, `\r${text}: ${percent}%`);

/** JSON as Qt writes it: four spaces, sorted keys, empty arrays on two lines. */
export const qtJson = (value: unknown): string => {
  const sorted = (data: unknown): unknown =>
    Array.isArray(data)
      ? data.map(sorted)
      : data !== null && typeof data === 'object'
        ? Object.fromEntries(
            Object.entries(data)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, inner]) => [key, sorted(inner)]),
          )
        : data;
  return `${JSON.stringify(sorted(value), null, 4).replaceAll(/^( *)(.*)\[\]/gm, '$1$2[\n$1]')}\n`;
};

/** Writes to stdout, all of it before the process may end. */
export const print = (text: string): void => {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
};
