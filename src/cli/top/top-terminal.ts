const ENTER = '\u001B[?1049h\u001B[?25l'; // the other screen, without a cursor
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_TO_LINE_END = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';
const CTRL_C = '\u0003';

/** A terminal of which the whole screen is drawn, and whose keys are read one by one. */
export class TopTerminal {
  readonly #out: NodeJS.WriteStream;
  readonly #in: NodeJS.ReadStream;
  #isOpen = false;

  constructor(out: NodeJS.WriteStream, input: NodeJS.ReadStream) {
    this.#out = out;
    this.#in = input;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
  }

  /** Takes the screen over; `onKey` gets each key, Ctrl-C as "q". */
  open(onKey: (key: string) => void, onResize: () => void): void {
    this.#isOpen = true;
    this.#out.write(ENTER);
    this.#out.on('resize', onResize);
    if (!this.#in.isTTY) return;
    this.#in.setRawMode(true);
    this.#in.setEncoding('utf8');
    this.#in.on('data', (text: string) => {
      for (const key of text) onKey(key === CTRL_C ? 'q' : key);
    });
    this.#in.resume();
  }

  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${CLEAR_TO_LINE_END}`).join('\r\n');
    this.#out.write(`${HOME}${text}${CLEAR_BELOW}`);
  }

  /** Gives the screen back as it was. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#in.isTTY) this.#in.setRawMode(false);
    this.#in.pause();
    this.#in.removeAllListeners('data');
    this.#out.removeAllListeners('resize');
    this.#out.write(LEAVE);
  }
}

/** A line in reverse. */
export function reversed(line: string): string {
  return `\u001B[7m${line}\u001B[0m`;
}
