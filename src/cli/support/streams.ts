/**
 * Standard output or error. Writing never fails, so a closed pipe or a full disk does not end the run; the first failure
 * is kept for the end.
 */
export class OutputStream {
  #failure: NodeJS.ErrnoException | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(
    /** For libraries that draw or ask; their write failures are kept as well. */
    readonly stream: NodeJS.WriteStream,
  ) {
    // Node.js ends the process on an error without a listener.
    stream.on('error', (error) => this.#failed(error));
  }

  /** The first failure: EPIPE if the reader closed the pipe, ENOSPC or EIO for a file. */
  get failure(): NodeJS.ErrnoException | undefined {
    return this.#failure;
  }

  /** Writes a text; drops it after the reader closed the pipe. */
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
        // Files are written synchronously, and some versions of Node.js throw the failure.
        end(error as Error);
      }
    });
  }

  /** Resolves when everything is written or has failed. */
  flush(): Promise<void> {
    // Texts are written in order: the last one is enough.
    return this.#written;
  }

  #failed(error: Error): void {
    this.#failure ??= error;
  }
}

/** Results. */
export const stdout = new OutputStream(process.stdout);

/** Progress, messages and errors. */
export const stderr = new OutputStream(process.stderr);
