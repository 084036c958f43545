// Reads the ordinary lines of folded stacks straight from bytes: no string is made but one for each different frame. Files of
// millions of lines consist of such lines; whatever is unusual about a line is left to the reader that can explain it.

import { commonLength, FrameBytes } from './frame-bytes.ts';

const LINE_FEED = 10;
const SPACE = 32;
const HASH = 35;
const ZERO = 48;
const NINE = 57;
const SEMICOLON = 59;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** As many decimals are exact in a double. */
const MOST_DIGITS = 15;

/** Where the scanner's findings go. */
export interface FoldedSink {
  /** The frame of that text; undefined when the bytes are no text. */
  internFrame(bytes: Uint8Array): number | undefined;
  internStack(parent: number, frame: number): number;
  addCount(stack: number, count: number): void;
  /** A line that is not ordinary; without its line feed. */
  readLine(bytes: Uint8Array): void;
  /** An ordinary line was read. */
  countLine(): void;
}

/** Goes over all lines of a file. */
export class FoldedScanner {
  readonly #bytes: Uint8Array;
  readonly #words: DataView;
  readonly #sink: FoldedSink;
  readonly #frames: FrameBytes;
  /** Of the line before: where its frames ended, and the stacks that ended there. Sorted files repeat their beginnings. */
  #ends = new Uint32Array(256);
  #stacks = new Uint32Array(256);
  #known = 0;
  #previous = 0;
  /** Of the frame just scanned. */
  #hash = 0;
  #gap = -1;
  #hashAtGap = 0;
  #lineEnd = 0;

  constructor(bytes: Uint8Array, sink: FoldedSink) {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#sink = sink;
    this.#frames = new FrameBytes(bytes, this.#words);
  }

  run(): void {
    const bytes = this.#bytes;
    let start = 0;
    while (start < bytes.length) {
      if (this.#scanLine(start)) {
        this.#previous = start;
        this.#sink.countLine();
        start = this.#lineEnd + 1;
        continue;
      }
      const found = bytes.indexOf(LINE_FEED, start);
      const end = found < 0 ? bytes.length : found;
      this.#known = 0;
      this.#sink.readLine(bytes.subarray(start, end));
      start = end + 1;
    }
  }

  /** Whether the line was an ordinary one. Stacks may have been interned even if not; without samples they count nothing. */
  #scanLine(start: number): boolean {
    const bytes = this.#bytes;
    const first = bytes[start];
    if (first === HASH || first === SPACE || first === LINE_FEED) return false;
    let level = this.#commonFrames(start);
    let stack = level > 0 ? (this.#stacks[level - 1] as number) : 0;
    let frameStart = level > 0 ? start + (this.#ends[level - 1] as number) + 1 : start;
    for (;;) {
      const end = this.#scanFrame(frameStart);
      if (end >= bytes.length || bytes[end] !== SEMICOLON) break;
      stack = this.#step(stack, frameStart, end, this.#hash);
      if (stack < 0) return false;
      level = this.#remember(level, end - start, stack);
      frameStart = end + 1;
    }
    this.#known = level;
    return this.#finishLine(stack, frameStart);
  }

  /** The last frame and the count. */
  #finishLine(stack: number, frameStart: number): boolean {
    const end = this.#lineEnd;
    const gap = this.#gap;
    if (gap < 0 || (end < this.#bytes.length && this.#bytes[end] !== LINE_FEED)) return false;
    const count = this.#count(gap + 1, end);
    if (count < 0 || this.#endsInCount(frameStart, gap)) return false;
    const leaf = this.#step(stack, frameStart, gap, this.#hashAtGap);
    if (leaf < 0) return false;
    this.#sink.addCount(leaf, count);
    return true;
  }

  /**
   * Goes to what ends a frame: a semicolon, a control character or the end. Leaves the hash of the bytes before it, and the place
   * and hash of the last space. Four bytes at a time where none of them can end anything; the same bytes get the same hash
   * whatever follows them, because what follows a frame always ends that.
   */
  #scanFrame(start: number): number {
    const bytes = this.#bytes;
    const words = this.#words;
    const lastWord = bytes.length - 4;
    let hash = FNV_OFFSET;
    let at = start;
    this.#gap = -1;
    while (at < bytes.length) {
      if (at <= lastWord) {
        const word = words.getInt32(at, true);
        const semicolons = word ^ 0x3b3b3b3b;
        const isPlain =
          (((semicolons - 0x01010101) & ~semicolons) | ((word - 0x21212121) & ~word)) & 0x80808080;
        if (isPlain === 0) {
          hash = Math.imul(hash ^ word, FNV_PRIME);
          hash ^= hash >>> 15;
          at += 4;
          continue;
        }
      }
      for (const stop = Math.min(at + 4, bytes.length); at < stop; at++) {
        const byte = bytes[at] as number;
        if (byte === SEMICOLON || byte < SPACE) {
          this.#hash = hash;
          this.#lineEnd = at;
          return at;
        }
        if (byte === SPACE) {
          this.#gap = at;
          this.#hashAtGap = hash;
        }
        hash = Math.imul(hash ^ byte, FNV_PRIME);
      }
    }
    this.#hash = hash;
    this.#lineEnd = at;
    return at;
  }

  /** How many whole frames this line has in common with the one before. */
  #commonFrames(start: number): number {
    if (this.#known === 0) return 0;
    const previous = this.#previous;
    const last = this.#ends[this.#known - 1] as number;
    const same = commonLength(this.#bytes, this.#words, previous, start, last + 1);
    let level = this.#known;
    while (level > 0 && (this.#ends[level - 1] as number) >= same) level--;
    return level;
  }

  #remember(level: number, end: number, stack: number): number {
    if (level === this.#ends.length) {
      this.#ends = grown(this.#ends);
      this.#stacks = grown(this.#stacks);
    }
    this.#ends[level] = end;
    this.#stacks[level] = stack;
    return level + 1;
  }

  /** The stack of one more frame; -1 when its bytes are no text. */
  #step(stack: number, start: number, end: number, hash: number): number {
    let frame = this.#frames.find(start, end, hash);
    if (frame < 0) {
      const made = this.#sink.internFrame(this.#bytes.subarray(start, end));
      if (made === undefined) return -1;
      frame = made;
      this.#frames.add(start, end, hash, frame);
    }
    return this.#sink.internStack(stack, frame);
  }

  /** The number in decimal digits; -1 when it is none or a very long one. */
  #count(start: number, end: number): number {
    if (end <= start || end - start > MOST_DIGITS) return -1;
    let count = 0;
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at] as number;
      if (byte < ZERO || byte > NINE) return -1;
      count = count * 10 + byte - ZERO;
    }
    return count;
  }

  /** Whether a frame ends as a count would: such a line may have two. */
  #endsInCount(start: number, end: number): boolean {
    let at = end;
    while (at > start && isDigitOrPoint(this.#bytes[at - 1] as number)) at--;
    return at < end && at > start && this.#bytes[at - 1] === SPACE;
  }
}

function isDigitOrPoint(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || byte === 46;
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
