import { ProfileBuilder } from '../model/profile-builder.ts';
import {
  type FrameId,
  FunctionKind,
  type ProfileData,
  type StackId,
} from '../model/profile-data.ts';
import { FoldedScanner, type FoldedSink } from './folded-scanner.ts';
import { invalid } from './invalid.ts';
import { functionOfPerfName } from './perf-names.ts';
import type { DecodeOptions } from './profile-format.ts';

const LONGEST_LINE_BYTES = 1 << 28;
const LINE_FEED = 10;
const HEAD_BYTES = 1 << 16;
const MOST_EXPECTED_LINES = 1 << 22;

/**
 * Reads folded stacks. Strict reading takes whole counts only and fails on the first line it can't read; lenient reading
 * skips such lines, says how many, and rounds fractions, keeping their sum.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE with the line's number and the reason
 */
export function decodeCollapsed(bytes: Uint8Array, options: DecodeOptions = {}): ProfileData {
  // Some editors begin a file with a mark.
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return new FoldedReader(isMarked ? bytes.subarray(3) : bytes, options.lenient === true).read();
}

class FoldedReader implements FoldedSink {
  readonly #bytes: Uint8Array;
  readonly #builder = new ProfileBuilder();
  readonly #frames = new Map<string, FrameId>();
  readonly #isLenient: boolean;
  readonly #utf8: InstanceType<typeof TextDecoder>;
  #lineNumber = 0;
  #skipped = 0;
  #firstReason = '';
  #carried = 0;
  #stacks = 0;
  /** By sample: the stack of all its frames but the last, the last one, the count. */
  #parents: Uint32Array;
  #leaves: Uint32Array;
  #counts: Float64Array;
  #samples = 0;

  constructor(bytes: Uint8Array, isLenient: boolean) {
    this.#bytes = bytes;
    this.#isLenient = isLenient;
    this.#utf8 = new TextDecoder('utf-8', { fatal: !isLenient, ignoreBOM: true });
    const lines = expectedLines(bytes);
    this.#parents = new Uint32Array(lines);
    this.#leaves = new Uint32Array(lines);
    this.#counts = new Float64Array(lines);
    this.#builder.addThread({ tid: 0, kind: 'main', name: '' });
  }

  read(): ProfileData {
    // Line by line from bytes: the whole text may be longer than the longest string.
    new FoldedScanner(this.#bytes, this).run();
    return this.#finish();
  }

  internFrame(bytes: Uint8Array): FrameId | undefined {
    try {
      return this.#frame(this.#utf8.decode(bytes));
    } catch {
      return undefined;
    }
  }

  internStack(parent: number, frame: number): StackId {
    return this.#builder.internStack(parent as StackId, frame as FrameId);
  }

  addLeaf(stack: number, frame: number, count: number): void {
    this.#stacks++;
    if (count === 0) return;
    if (this.#samples === this.#counts.length) {
      this.#parents = doubled(this.#parents);
      this.#leaves = doubled(this.#leaves);
      this.#counts = doubled(this.#counts);
    }
    this.#parents[this.#samples] = stack;
    this.#leaves[this.#samples] = frame;
    this.#counts[this.#samples++] = count;
  }

  countLine(): void {
    this.#lineNumber++;
  }

  readLine(bytes: Uint8Array): void {
    this.#lineNumber++;
    const reason = this.#tryLine(bytes);
    if (reason === undefined) return;
    const message = `line ${this.#lineNumber}: ${reason}`;
    if (!this.#isLenient) throw invalid(message);
    this.#skipped++;
    this.#firstReason ||= `the first is ${message}`;
  }

  #finish(): ProfileData {
    if (this.#stacks === 0 && this.#skipped > 0) {
      throw invalid(`no line is a folded stack; ${this.#firstReason}`);
    }
    if (this.#stacks === 0) {
      if (!this.#isLenient) throw invalid('there is no folded stack in it');
      this.#builder.addWarning('there is no folded stack in it');
    } else if (this.#bytes.at(-1) !== LINE_FEED) {
      this.#builder.addWarning(
        'the last line has no end; if the file was cut off, its count may be too small',
      );
    }
    if (this.#skipped > 0) {
      this.#builder.addWarning(`${this.#skipped} lines skipped; ${this.#firstReason}`);
    }
    const weight = this.#counts.subarray(0, this.#samples);
    const ticks = new Uint32Array(this.#samples);
    for (let row = 0; row < ticks.length; row++) ticks[row] = ticksOf(weight[row] as number);
    const parent = this.#parents.subarray(0, this.#samples);
    const frame = this.#leaves.subarray(0, this.#samples);
    this.#builder.addLeafSamples({ parent, frame, weight, ticks });
    return this.#builder.build({ unit: 'count', mode: 'cpu' });
  }

  /** Why the line can't be read; undefined once it is. */
  #tryLine(bytes: Uint8Array): string | undefined {
    if (bytes.length > LONGEST_LINE_BYTES) return 'the line is too long';
    let line: string;
    try {
      line = this.#utf8.decode(bytes);
    } catch {
      return 'it is not UTF-8';
    }
    if (line.endsWith('\r')) line = line.slice(0, -1);
    if (line.trim() === '' || line.startsWith('# ')) return undefined;
    return this.#tryStack(this.#isLenient ? line.trimEnd() : line);
  }

  #tryStack(text: string): string | undefined {
    const gap = Math.max(text.lastIndexOf(' '), this.#isLenient ? text.lastIndexOf('\t') : -1);
    if (gap < 0) return 'there is no space before a count';
    const value = this.#parseCount(text.slice(gap + 1));
    if (typeof value === 'string') return value;
    const names = text.slice(0, gap);
    if (names.trim() === '') return 'there is no frame before the count';
    if (/ \d+(?:\.\d*)?$/.test(names)) {
      return 'there are two counts, as in the output of a comparison';
    }
    let stack = 0 as StackId;
    const frames = names.split(';');
    const leaf = frames.pop() as string;
    for (const name of frames) stack = this.#builder.internStack(stack, this.#frame(name));
    this.addLeaf(stack, this.#frame(leaf), this.#wholeOf(value));
    return undefined;
  }

  /** The count, or why it is none. */
  #parseCount(digits: string): number | string {
    const isNumber = this.#isLenient ? /^\d+(?:\.\d*)?$/ : /^\d+$/;
    if (!isNumber.test(digits)) {
      const shown = digits.length > 20 ? `${digits.slice(0, 20)}…` : digits;
      return `the count ${JSON.stringify(shown)} is no whole number`;
    }
    const count = Number(digits);
    return count <= Number.MAX_SAFE_INTEGER ? count : 'the count is larger than 2^53';
  }

  /** What rounding takes from one count or gives to it is made up for by the next: all together are the rounded sum. */
  #wholeOf(value: number): number {
    if (Number.isInteger(value)) return value;
    const exact = value + this.#carried;
    const whole = Math.round(exact);
    this.#carried = exact - whole;
    return whole;
  }

  #frame(name: string): FrameId {
    const known = this.#frames.get(name);
    if (known !== undefined) return known;
    const text = name.trim();
    const fn = this.#builder.internFunction(
      functionOfPerfName(text) ?? { name: text, kind: FunctionKind.special },
    );
    const frame = this.#builder.internFrame(fn);
    this.#frames.set(name, frame);
    return frame;
  }
}

/** Ticks are 32 bits wide; counts of bytes or nanoseconds don't fit and are no ticks. */
function ticksOf(count: number): number {
  return count < 2 ** 32 ? count : 1;
}

/** About how many lines there are, from the length of the first ones. */
function expectedLines(bytes: Uint8Array): number {
  const head = bytes.subarray(0, HEAD_BYTES);
  let lines = 1;
  for (const byte of head) if (byte === LINE_FEED) lines++;
  return Math.min(
    MOST_EXPECTED_LINES,
    Math.ceil((lines * bytes.length) / Math.max(1, head.length)),
  );
}

function doubled<T extends Uint32Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}
