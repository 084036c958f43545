import { ProfileBuilder } from '../model/profile-builder.ts';
import {
  type FrameId,
  FunctionKind,
  type ProfileData,
  type StackId,
  type ThreadIndex,
} from '../model/profile-data.ts';
import { FoldedScanner, type FoldedSink } from './folded-scanner.ts';
import { invalid } from './invalid.ts';
import { functionOfPerfName } from './perf-names.ts';
import type { DecodeOptions } from './profile-format.ts';

const LONGEST_LINE_BYTES = 1 << 28;

/**
 * Reads folded stacks. Strict reading takes whole counts only and fails on the first line it can't read; lenient reading
 * skips such lines, says how many, and rounds fractions.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE with the line's number and the reason
 */
export function decodeCollapsed(bytes: Uint8Array, options: DecodeOptions = {}): ProfileData {
  return new FoldedReader(options.lenient === true).read(bytes);
}

class FoldedReader implements FoldedSink {
  readonly #builder = new ProfileBuilder();
  readonly #thread: ThreadIndex;
  readonly #frames = new Map<string, FrameId>();
  readonly #isLenient: boolean;
  readonly #utf8: InstanceType<typeof TextDecoder>;
  #lineNumber = 0;
  #skipped = 0;
  #firstReason = '';
  #stacks = 0;

  constructor(isLenient: boolean) {
    this.#isLenient = isLenient;
    this.#utf8 = new TextDecoder('utf-8', { fatal: !isLenient, ignoreBOM: true });
    this.#thread = this.#builder.addThread({ tid: 0, kind: 'main', name: '' });
  }

  read(bytes: Uint8Array): ProfileData {
    // Line by line from bytes: the whole text may be longer than the longest string. Some editors begin a file with a mark.
    const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    new FoldedScanner(isMarked ? bytes.subarray(3) : bytes, this).run();
    return this.finish();
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

  addCount(stack: number, count: number): void {
    this.#stacks++;
    if (count > 0) this.#builder.addCount(stack as StackId, this.#thread, count, ticksOf(count));
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

  finish(): ProfileData {
    if (this.#stacks === 0 && this.#skipped > 0) {
      throw invalid(`no line is a folded stack; ${this.#firstReason}`);
    }
    if (this.#skipped > 0) {
      this.#builder.addWarning(`${this.#skipped} lines skipped; ${this.#firstReason}`);
    }
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
    const count = this.#parseCount(text.slice(gap + 1));
    if (typeof count === 'string') return count;
    const names = text.slice(0, gap);
    if (names.trim() === '') return 'there is no frame before the count';
    if (!this.#isLenient && / \d+$/.test(names)) {
      return 'there are two counts, as in the output of a comparison';
    }
    let stack = 0 as StackId;
    for (const name of names.split(';')) {
      stack = this.#builder.internStack(stack, this.#frame(name));
    }
    this.addCount(stack, count);
    return undefined;
  }

  /** The count, or why it is none. */
  #parseCount(digits: string): number | string {
    const isNumber = this.#isLenient ? /^\d+(?:\.\d*)?$/ : /^\d+$/;
    if (!isNumber.test(digits)) {
      const shown = digits.length > 20 ? `${digits.slice(0, 20)}…` : digits;
      return `the count ${JSON.stringify(shown)} is no whole number`;
    }
    const count = Math.round(Number(digits));
    return Number.isSafeInteger(count) ? count : 'the count is larger than 2^53';
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
