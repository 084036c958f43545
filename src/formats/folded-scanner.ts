// Reads the ordinary lines of folded stacks straight from bytes: no string is made but one for each different frame. Files of
// millions of lines consist of such lines; whatever is unusual about a line is left to the reader that can explain it.

import { commonLength, FrameBytes, firstByte } from './frame-bytes.ts';

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
  /** A line's count: `frame` is the last one, on the stack of those before. */
  addLeaf(stack: number, frame: number, count: number): void;
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
  /** The last place where four bytes stand. An ordinary line ends before it, so that all of it can be read by fours. */
  readonly #lastWord: number;
  /** Of the line before: where its frames ended, and the stacks that ended there. Sorted files repeat their beginnings. */
  #ends = new Uint32Array(256);
  #stacks = new Uint32Array(256);
  #known = 0;
  #previous = 0;
  /** Of the frame just scanned. */
  #hash = 0;
  #lineEnd = 0;

  constructor(bytes: Uint8Array, sink: FoldedSink) {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#sink = sink;
    this.#frames = new FrameBytes(this.#words);
    this.#lastWord = bytes.length - 4;
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
      if (end < 0) return false;
      if (bytes[end] !== SEMICOLON) {
        this.#known = level;
        return this.#finishLine(stack, frameStart, end);
      }
      const frame = this.#frame(frameStart, end, this.#hash);
      if (frame < 0) return false;
      stack = this.#sink.internStack(stack, frame);
      level = this.#remember(level, end - start, stack);
      frameStart = end + 1;
    }
  }

  /** The last frame and the count. */
  #finishLine(stack: number, frameStart: number, end: number): boolean {
    const bytes = this.#bytes;
    if (bytes[end] !== LINE_FEED) return false;
    let count = 0;
    let unit = 1;
    let gap = end - 1;
    for (; gap >= frameStart; gap--) {
      const byte = bytes[gap] as number;
      if (byte < ZERO || byte > NINE) break;
      count += (byte - ZERO) * unit;
      unit *= 10;
    }
    const digits = end - 1 - gap;
    if (gap < frameStart || bytes[gap] !== SPACE || digits < 1 || digits > MOST_DIGITS)
      return false;
    if (this.#endsInCount(frameStart, gap)) return false;
    const leaf = this.#frame(frameStart, gap, this.#hashOf(frameStart, gap));
    if (leaf < 0) return false;
    this.#lineEnd = end;
    this.#sink.addLeaf(stack, leaf, count);
    return true;
  }

  /**
   * Goes to what ends a frame, a semicolon or a control character, and leaves the hash of the bytes before it; -1 when the file
   * ends before. Looks at four bytes at a time, by the usual tricks to find a certain or a small byte in a word; the lowest of the
   * bytes they mark is right.
   */
  #scanFrame(start: number): number {
    const words = this.#words;
    const lastWord = this.#lastWord;
    let hash = FNV_OFFSET;
    for (let at = start; at <= lastWord; at += 4) {
      const word = words.getInt32(at, true);
      const semicolons = word ^ 0x3b3b3b3b;
      const stops =
        (((semicolons - 0x01010101) & ~semicolons) | ((word - 0x20202020) & ~word)) & 0x80808080;
      if (stops !== 0) {
        const rest = firstByte(stops);
        this.#hash = rest === 0 ? hash : mix(hash, word & lowBytes(rest));
        return at + rest;
      }
      hash = mix(hash, word);
    }
    return -1;
  }

  /** The hash {@link #scanFrame} leaves for the same bytes. */
  #hashOf(start: number, end: number): number {
    const words = this.#words;
    let hash = FNV_OFFSET;
    let at = start;
    for (; at + 4 <= end; at += 4) hash = mix(hash, words.getInt32(at, true));
    return at === end ? hash : mix(hash, words.getInt32(at, true) & lowBytes(end - at));
  }

  /** How many whole frames this line has in common with the one before. */
  #commonFrames(start: number): number {
    if (this.#known === 0) return 0;
    const last = this.#ends[this.#known - 1] as number;
    if (start + last >= this.#lastWord) return 0;
    const same = commonLength(this.#words, this.#previous, start, last + 1);
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

  /** The frame of these bytes; -1 when they are no text. */
  #frame(start: number, end: number, hash: number): number {
    const known = this.#frames.find(start, end - start, hash);
    if (known >= 0) return known;
    const frame = this.#sink.internFrame(this.#bytes.subarray(start, end));
    if (frame === undefined) return -1;
    this.#frames.add(start, end - start, hash, frame);
    return frame;
  }

  /** Whether a frame ends as a count would: such a line may have two. */
  #endsInCount(start: number, end: number): boolean {
    let at = end;
    while (at > start && isDigitOrPoint(this.#bytes[at - 1] as number)) at--;
    return at < end && at > start && this.#bytes[at - 1] === SPACE;
  }
}

/** FNV-1a by words, with the high bits brought down. */
function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, FNV_PRIME);
  return product ^ (product >>> 15);
}

/** Mask of the first one to three bytes of a little-endian word. */
function lowBytes(count: number): number {
  return (1 << (count * 8)) - 1;
}

function isDigitOrPoint(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || byte === 46;
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
