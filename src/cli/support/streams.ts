/**
 * One of the two streams that kglab writes to. A reader that has gone, or a disk that is full, never ends the work under
 * way: writing does not fail, and the first failure is kept for the end.
 */
export class OutputStream {
  #failure: NodeJS.ErrnoException | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(
    /** For libraries that draw or ask; what goes wrong when they write is kept as well. */
    readonly stream: NodeJS.WriteStream,
  ) {
    // Without a listener Node.js ends the process.
    stream.on('error', (error) => this.#failed(error));
  }

  /** What went wrong first: EPIPE when the reader has closed its end, ENOSPC or EIO when a file cannot take it. */
  get failure(): NodeJS.ErrnoException | undefined {
    return this.#failure;
  }

  /** Writes a text as a whole; dropped when nobody can read it any more. */
  write(text: string): void {
    if (this.#failure?.code === 'EPIPE') return;
    this.#written = new Promise((resolve) => {
      const end = (error?: Error | null): void => {
        if (error) this.#failed(error);
        resolve();
      };
      try {
        this.stream.write(text, end);
      } catch (error) {
        // Files are written at once, and some versions of Node.js throw what goes wrong then.
        end(error as Error);
      }
    });
  }

  /** Resolves when all is written, or could not be. */
  flush(): Promise<void> {
    // Texts are written in order.
    return this.#written;
  }

  #failed(error: Error): void {
    this.#failure ??= error;
  }
}

/** Results. */
export const stdout = new OutputStream(process.stdout);

/** Progress, talk and errors. */
export const stderr = new OutputStream(process.stderr);
