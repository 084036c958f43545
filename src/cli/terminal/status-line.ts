import type { Progress } from '../../session/stream-progress.ts';

const REFRESH_MS = 500;
const CLEAR_LINE = '\r\u001B[K';

/** One line at the bottom of the terminal that tells how the recording goes. */
export class StatusLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #readProgress: () => Progress;
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(stream: NodeJS.WriteStream, readProgress: () => Progress) {
    this.#stream = stream;
    this.#readProgress = readProgress;
    this.#timer = setInterval(() => this.#draw(), REFRESH_MS);
  }

  /** Ends it and clears the line. */
  stop(): void {
    clearInterval(this.#timer);
    this.#stream.write(CLEAR_LINE);
  }

  #draw(): void {
    const elapsedMs = performance.now() - this.#startMs;
    const text = formatStatus(this.#readProgress(), elapsedMs);
    const columns = this.#stream.columns || 80;
    this.#stream.write(`${CLEAR_LINE}${text.slice(0, columns - 1)}`);
  }
}

/** The text of the status line. */
export function formatStatus(progress: Progress, elapsedMs: number): string {
  const seconds = elapsedMs / 1000;
  const perSecond = seconds > 0 ? Math.round(progress.samples / seconds) : 0;
  return (
    `sigprof: ${Math.floor(seconds)} s, ${progress.samples} samples (${perSecond}/s), ` +
    `${progress.lost} lost; Ctrl-C ends it`
  );
}
