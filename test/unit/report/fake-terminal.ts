import { stripVTControlCharacters } from 'node:util';

/** A terminal as far as reporters need one; keeps what is written. */
export class FakeTerminal {
  readonly isTTY = true;
  readonly columns = 100;
  readonly rows = 40;
  raw = '';

  write = (text: string | Uint8Array): boolean => {
    this.raw += String(text);
    return true;
  };

  /** All that was ever written, control sequences removed. */
  get text(): string {
    return stripVTControlCharacters(this.raw);
  }

  /** What is left on the screen when everything drawn over is gone: the text after the last erased frame. */
  get screen(): string {
    return stripVTControlCharacters(this.raw.split('\u001b[G').at(-1) ?? '');
  }

  /** The terminal in the shape the reporters take. */
  get stream(): NodeJS.WriteStream {
    return this as unknown as NodeJS.WriteStream;
  }
}
