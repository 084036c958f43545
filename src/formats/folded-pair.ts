// Folded stacks with two counts a line, the older one first, as difffolded.pl writes them to be drawn as a difference.

import { collapsedFormat } from './collapsed.ts';
import { invalid } from './invalid.ts';
import type { DecodeOptions } from './profile-format.ts';

const LINE_FEED = 10;
/** Two counts of doubles, with spaces, are shorter. */
const LONGEST_COUNTS = 700;
const TWO_COUNTS = /[ \t](\d+(?:\.\d*)?)[ \t]+(\d+(?:\.\d*)?)[ \t\r]*$/;

/** Both sides as folded stacks of their own, line by line the same. */
export interface FoldedPair {
  readonly base: Uint8Array;
  readonly next: Uint8Array;
}

/**
 * Takes the two sides apart. Undefined when the first stack has no two counts.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE for a line that has not, unless lenient: then it is left for the reader to skip
 */
export function splitFoldedPair(
  bytes: Uint8Array,
  { lenient = false }: DecodeOptions = {},
): FoldedPair | undefined {
  if (!collapsedFormat.matches?.(bytes.subarray(0, 4096), bytes)) return undefined;
  // Each line becomes shorter on both sides; the last one may get a line end.
  const base = new SideWriter(bytes.length + 1);
  const next = new SideWriter(bytes.length + 1);
  let isPair = false;
  let number = 1;
  for (let start = 0; start < bytes.length; number++) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    start = end + 1;
    const tail = line.toString('latin1', Math.max(0, line.length - LONGEST_COUNTS));
    const counts = TWO_COUNTS.exec(tail);
    const isStack = tail.trim() !== '' && !(line.length === tail.length && /^# /.test(tail));
    if (isStack && counts === null) {
      if (!isPair) return undefined;
      if (!lenient)
        throw invalid(`line ${number}: there are no two counts, as in the lines before`);
    }
    if (!isStack || counts === null) {
      const rest = isStack ? Buffer.from('?') : line;
      base.put(rest);
      next.put(rest);
      continue;
    }
    isPair = true;
    const stack = line.subarray(0, line.length - counts[0].length);
    base.put(stack, counts[1]);
    next.put(stack, counts[2]);
  }
  // A last line without an end stays one: the reader warns of it.
  const isCut = bytes.at(-1) !== LINE_FEED;
  return isPair ? { base: base.bytes(isCut), next: next.bytes(isCut) } : undefined;
}

class SideWriter {
  readonly #buffer: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  put(stack: Uint8Array, count?: string): void {
    this.#buffer.set(stack, this.#length);
    this.#length += stack.length;
    if (count !== undefined)
      this.#length += this.#buffer.write(` ${count}`, this.#length, 'latin1');
    this.#buffer[this.#length++] = LINE_FEED;
  }

  bytes(isCut: boolean): Uint8Array {
    return this.#buffer.subarray(0, isCut ? this.#length - 1 : this.#length);
  }
}
