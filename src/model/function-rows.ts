import {
  type FrameCategory,
  type FrameNameOptions,
  FrameNamer,
  PROGRAM_FRAME,
} from './frame-names.ts';
import type { ProfileData, StackTable } from './profile-data.ts';
import { compareBytes } from './text.ts';

/** What tells one function from another in tables. */
export interface FunctionIdentity {
  readonly name: string;
  /** Shortened path; '' when there is none. */
  readonly path: string;
  /** Line of the definition, or the executing one with `lines`; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  readonly category: FrameCategory;
}

/** Row of the samples without any frame. */
export const PROGRAM_ROW = 0;

/**
 * The functions of one profile or of several, each once: frames that read alike are one function, whether it was inlined
 * or called, on whatever thread.
 */
export class FunctionRows {
  readonly list: FunctionIdentity[] = [];
  readonly #ids = new Map<string, number>();

  constructor() {
    this.#intern({ name: PROGRAM_FRAME, path: '', line: 0, column: 0, category: 'special' });
  }

  /** The row of each frame of a profile. */
  mapFrames(profile: ProfileData, options: FrameNameOptions = {}): Uint32Array {
    const { frames, functions } = profile;
    const namer = new FrameNamer(profile, options);
    return Uint32Array.from({ length: frames.length }, (_, frame) => {
      const fn = frames.function[frame] as number;
      const executing = options.lines === true ? (frames.line[frame] as number) : 0;
      return this.#intern({
        ...namer.functionName(fn),
        line: executing || (functions.line[fn] as number),
        column: executing ? 0 : (functions.column[fn] as number),
      });
    });
  }

  #intern(row: FunctionIdentity): number {
    const key = `${row.name}\n${row.path}\n${row.line}\n${row.column}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const { name, path, line, column, category } = row;
    const id = this.list.push({ name, path, line, column, category }) - 1;
    this.#ids.set(key, id);
    return id;
  }
}

/** Walks stacks as rows of functions. */
export class StackRows {
  readonly #stacks: StackTable;
  readonly #rowOfFrame: Uint32Array;
  readonly #lastVisit: Uint32Array;
  #visit = 0;

  constructor(stacks: StackTable, rowOfFrame: Uint32Array, rowCount: number) {
    this.#stacks = stacks;
    this.#rowOfFrame = rowOfFrame;
    this.#lastVisit = new Uint32Array(rowCount);
  }

  /** The row a stack ends in. */
  leaf(stack: number): number {
    return stack === 0 ? PROGRAM_ROW : this.#rowAt(stack);
  }

  /** Calls back with each row of a stack, once however often it recurs. */
  forEachOnce(stack: number, visit: (row: number) => void): void {
    if (stack === 0) visit(PROGRAM_ROW);
    this.#visit++;
    for (let at = stack; at !== 0; at = this.#stacks.parent[at] as number) {
      const row = this.#rowAt(at);
      if (this.#lastVisit[row] === this.#visit) continue;
      this.#lastVisit[row] = this.#visit;
      visit(row);
    }
  }

  #rowAt(stack: number): number {
    return this.#rowOfFrame[this.#stacks.frame[stack] as number] as number;
  }
}

/** A function as it reads, like its frames: `name (path:line)`. Libraries and modules are in the name already. */
export function functionLabel({ name, path, line, category }: FunctionIdentity): string {
  if (path === '' || category === 'native' || category === 'wasm') return name;
  return line > 0 ? `${name} (${path}:${line})` : `${name} (${path})`;
}

/** Orders functions by name, path and position. */
export function compareFunctions(a: FunctionIdentity, b: FunctionIdentity): number {
  return (
    compareBytes(a.name, b.name) ||
    compareBytes(a.path, b.path) ||
    a.line - b.line ||
    a.column - b.column
  );
}
