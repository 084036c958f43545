// Between the model's frames and the columns other formats have for them: name, file, line, column.

import { type FrameNameOptions, FrameNamer } from '../model/frame-names.ts';
import type { FunctionInput } from '../model/profile-builder.ts';
import { FunctionKind, type ProfileData, type Thread } from '../model/profile-data.ts';
import { readablePath } from '../model/script-paths.ts';

const GARBAGE_COLLECTOR = '(garbage collector)';

/** A frame in parts. Lines and columns are 1-based, 0 when unknown; only JavaScript has a file. */
export interface FrameWords {
  readonly name: string;
  readonly file: string;
  /** Of the definition, or the executing line when lines are asked for. */
  readonly line: number;
  readonly column: number;
}

/** Options of {@link FrameSplitter}. */
export interface FrameSplitOptions extends FrameNameOptions {
  /** Give whole paths whatever `fullFilenames` says: for viewers that open the source. @default false */
  readonly wholePaths?: boolean | undefined;
}

/** Splits the frames of one profile into the words they are written with. */
export class FrameSplitter {
  readonly #profile: ProfileData;
  readonly #options: FrameSplitOptions;
  readonly #namer: FrameNamer;

  constructor(profile: ProfileData, options: FrameSplitOptions = {}) {
    this.#profile = profile;
    this.#options = options;
    this.#namer = new FrameNamer(profile, options);
  }

  words(frame: number): FrameWords {
    const { frames, functions } = this.#profile;
    const fn = frames.function[frame] as number;
    const { name, path } = this.#namer.functionName(fn);
    // Names of what is no JavaScript hold what there is to know, as `ZSTD_compress [libzstd.so]`.
    if (functions.kind[fn] !== FunctionKind.javascript || path === '') {
      return { name, file: '', line: 0, column: 0 };
    }
    const file = this.#options.wholePaths === true ? this.#wholePath(fn) : path;
    const executing = this.#options.lines === true ? (frames.line[frame] as number) : 0;
    if (executing > 0) {
      // Places on one line are one: lines were asked for.
      return { name, file, line: executing, column: 0 };
    }
    return { name, file, line: known(functions.line[fn]), column: known(functions.column[fn]) };
  }

  /** The frame as it reads in pictures. */
  label(frame: number): string {
    return this.#namer.frameLabel(frame).text;
  }

  threadWords(thread: Thread): FrameWords {
    return { name: this.#namer.threadLabel(thread).text, file: '', line: 0, column: 0 };
  }

  #wholePath(fn: number): string {
    const { strings, functions } = this.#profile;
    const script = strings[functions.script[fn] as number] as string;
    return readablePath(script, { fullFilenames: true });
  }
}

/** The function that words read from a file stand for. */
export function functionOfWords({ name, file, line, column }: FrameWords): FunctionInput {
  if (file !== '') return { name, script: file, line, column, kind: FunctionKind.javascript };
  const isCollector = name === GARBAGE_COLLECTOR;
  return { name, kind: isCollector ? FunctionKind.garbageCollector : FunctionKind.special };
}

function known(position: number | undefined): number {
  return position !== undefined && position > 0 ? position : 0;
}
