// How a frame reads. Every output takes its words from here.

import { readableBuiltinName } from './builtin-names.ts';
import type { FrameCategory } from './frame-category.ts';
import { FunctionKind, type ProfileData, type Thread } from './profile-data.ts';
import { type PathOptions, readablePath } from './script-paths.ts';
import { cutLongText } from './text.ts';

export type { FrameCategory } from './frame-category.ts';

const LONGEST_NAME = 512;

/** Shown for a sample without any frame. */
export const PROGRAM_FRAME = '(program)';

/** How frames are named. */
export interface FrameNameOptions {
  /** Name the executing line instead of the definition's. @default false */
  readonly lines?: boolean | undefined;
  /** Show whole paths. @default false */
  readonly fullFilenames?: boolean | undefined;
}

/** A frame as it reads. */
export interface FrameLabel {
  readonly text: string;
  readonly category: FrameCategory;
}

/** A function's words one by one, for tables. */
export interface FunctionName {
  readonly name: string;
  /** Shortened path of the script, library or module; '' when there is none. */
  readonly path: string;
  readonly category: FrameCategory;
}

/** Names the functions, frames and threads of one profile. Answers are computed once a row. */
export class FrameNamer {
  readonly #profile: ProfileData;
  readonly #options: FrameNameOptions;
  readonly #paths = new Map<number, string>();
  readonly #names: (FunctionName | undefined)[] = [];

  constructor(profile: ProfileData, options: FrameNameOptions = {}) {
    this.#profile = profile;
    this.#options = options;
  }

  /** The words of one frame. */
  frameLabel(frame: number): FrameLabel {
    const { frames, functions } = this.#profile;
    const fn = frames.function[frame] as number;
    const { name, path, category } = this.functionName(fn);
    const kind = functions.kind[fn] as number;
    if (kind !== FunctionKind.javascript || path === '') return { text: name, category };
    const executing = this.#options.lines === true ? (frames.line[frame] as number) : 0;
    const line = executing > 0 ? executing : (functions.line[fn] as number);
    return { text: line > 0 ? `${name} (${path}:${line})` : `${name} (${path})`, category };
  }

  /** The words of one function. */
  functionName(fn: number): FunctionName {
    const known = this.#names[fn];
    if (known !== undefined) return known;
    const { functions, strings } = this.#profile;
    const rawName = strings[functions.name[fn] as number] as string;
    const script = functions.script[fn] as number;
    const path = this.#path(script);
    const name = nameFunction(functions.kind[fn] as FunctionKind, rawName, path);
    this.#names[fn] = name;
    return name;
  }

  /** The words of the frame a thread's stacks stand on. */
  threadLabel(thread: Thread): FrameLabel {
    return { text: `thread (${thread.tid}): ${thread.name || thread.kind}`, category: 'special' };
  }

  #path(script: number): string {
    let path = this.#paths.get(script);
    if (path === undefined) {
      const options: PathOptions = {
        cwd: this.#profile.meta.cwd,
        fullFilenames: this.#options.fullFilenames,
      };
      path = readablePath(this.#profile.strings[script] as string, options);
      this.#paths.set(script, path);
    }
    return path;
  }
}

function nameFunction(kind: FunctionKind, rawName: string, path: string): FunctionName {
  const name = cutLongText(rawName, LONGEST_NAME);
  switch (kind) {
    case FunctionKind.javascript:
      return { name: name || '(anonymous)', path, category: scriptCategory(path) };
    case FunctionKind.builtin:
      return {
        name: `${readableBuiltinName(name) || '(anonymous)'} [builtin]`,
        path: '',
        category: 'builtin',
      };
    case FunctionKind.native: {
      const library = path.slice(path.lastIndexOf('/') + 1);
      const isTagged = library === '' || name.endsWith(']');
      return {
        name: isTagged ? name || '(native)' : `${name || '(native)'} [${library}]`,
        path,
        category: 'native',
      };
    }
    case FunctionKind.wasm:
      // Files of other profilers, and modules that can't be read, tell no module.
      return path === ''
        ? { name: `${name || 'wasm-function'} [wasm]`, path, category: 'wasm' }
        : { name: `${name || 'wasm-function'} (${path})`, path, category: 'wasm' };
    case FunctionKind.regexp: {
      const isWhole = name === '(regexp)' || name.startsWith('RegExp: ');
      return {
        name: isWhole ? name : name === '' ? '(regexp)' : `RegExp: ${name}`,
        path: '',
        category: 'regexp',
      };
    }
    case FunctionKind.garbageCollector:
      return { name: name || '(garbage collector)', path: '', category: 'gc' };
    case FunctionKind.nativeThread:
      return { name: name || '(native thread)', path: '', category: 'native' };
    default:
      // Names read from files stand for themselves; an empty one could be neither seen nor searched.
      return { name: rawName || '(anonymous)', path: '', category: guessCategory(rawName) };
  }
}

function scriptCategory(path: string): FrameCategory {
  if (path.startsWith('node:') || path.startsWith('internal/')) return 'node';
  if (/(?:^|\/)node_modules\//.test(path)) return 'package';
  if (path.startsWith('wasm:')) return 'wasm';
  return 'app';
}

/** The category a frame's text alone tells, for profiles that came as text. */
export function guessCategory(text: string): FrameCategory {
  if (text === '(garbage collector)') return 'gc';
  if (text.endsWith(' [builtin]')) return 'builtin';
  if (text.endsWith(' [wasm]')) return 'wasm';
  if (text === '(regexp)' || text.startsWith('RegExp: ')) return 'regexp';
  if (text === '[truncated]' || text.startsWith('thread (')) return 'special';
  if (text.startsWith('(native') || text.endsWith(']') || text.endsWith('_[k]')) return 'native';
  const place = /\(([^()]+?)(?::\d+){0,2}\)$/.exec(text)?.[1];
  if (place !== undefined && /[/.:]/.test(place)) return scriptCategory(place);
  if (/^\((?:program|idle|root)\)$/.test(text)) return 'special';
  return 'app';
}
