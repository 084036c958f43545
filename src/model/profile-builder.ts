import {
  finishTable,
  float64Column,
  type GrowableColumns,
  int32Column,
  uint8Column,
  uint32Column,
} from './growable-column.ts';
import { appendLeaves, type LeafStacks } from './leaf-stacks.ts';
import { PairIndex } from './pair-index.ts';
import type {
  FrameId,
  FunctionId,
  FunctionKind,
  ProfileCounters,
  ProfileData,
  ProfileMeta,
  StackId,
  StringId,
  Thread,
  ThreadIndex,
} from './profile-data.ts';

/** A function to intern; lines and columns are 1-based, 0 when unknown. */
export interface FunctionInput {
  readonly name: string;
  readonly script?: string;
  readonly line?: number;
  readonly column?: number;
  readonly kind: FunctionKind;
}

/** A sample to append; omitted values are zero, ticks one. */
export interface SampleInput {
  readonly stack: StackId;
  readonly weight: number;
  readonly thread: ThreadIndex;
  readonly timeNs?: number;
  readonly ticks?: number;
  readonly flags?: number;
}

/** Builds a profile row by row; everything but samples and threads is interned. */
export class ProfileBuilder {
  readonly #strings: string[] = [''];
  readonly #stringIds = new Map<string, number>([['', 0]]);
  readonly #functionIds = new Map<string, number>();
  readonly #functions = {
    name: uint32Column(),
    script: uint32Column(),
    line: int32Column(),
    column: int32Column(),
    kind: uint8Column(),
  };
  readonly #framePositions = new PairIndex();
  readonly #frameKeys = new PairIndex();
  readonly #frames = {
    function: uint32Column(),
    line: uint32Column(),
    column: uint32Column(),
    flags: uint32Column(),
  };
  readonly #stacks = new PairIndex();
  #leafStacks: LeafStacks | undefined;
  readonly #threads: Thread[] = [];
  readonly #samples = {
    timeNs: float64Column(),
    weight: float64Column(),
    thread: uint32Column(),
    stack: uint32Column(),
    ticks: uint32Column(),
    flags: uint32Column(),
  };
  readonly #warnings: string[] = [];

  internString(value: string): StringId {
    const known = this.#stringIds.get(value);
    if (known !== undefined) return known as StringId;
    const id = this.#strings.length;
    this.#strings.push(value);
    this.#stringIds.set(value, id);
    return id as StringId;
  }

  internFunction(input: FunctionInput): FunctionId {
    const name = this.internString(input.name);
    const script = this.internString(input.script ?? '');
    const { line = 0, column = 0, kind } = input;
    const key = `${name},${script},${line},${column},${kind}`;
    const known = this.#functionIds.get(key);
    if (known !== undefined) return known as FunctionId;
    const id = this.#functions.name.length;
    pushRow(this.#functions, { name, script, line, column, kind });
    this.#functionIds.set(key, id);
    return id as FunctionId;
  }

  internFrame(fn: FunctionId, line = 0, column = 0, flags = 0): FrameId {
    // Two nested pairs stand for the four columns: position = (line, column), key = (function and flags, position).
    const position = this.#framePositions.intern(line, column);
    const key = this.#frameKeys.intern(fn * 8 + (flags & 7), position);
    if (key === this.#frames.function.length) {
      pushRow(this.#frames, { function: fn, line, column, flags });
    }
    return key as FrameId;
  }

  internStack(parent: StackId, frame: FrameId): StackId {
    return (this.#stacks.intern(parent, frame) + 1) as StackId;
  }

  addThread(thread: Thread): ThreadIndex {
    return (this.#threads.push({ ...thread }) - 1) as ThreadIndex;
  }

  addSample(sample: SampleInput): void {
    const { timeNs = 0, weight, thread, stack, ticks = 1, flags = 0 } = sample;
    pushRow(this.#samples, { timeNs, weight, thread, stack, ticks, flags });
  }

  /**
   * Appends many samples without times, of the first thread. Each has the stack of a frame on an interned stack. To be called once,
   * at the end: no stack can be interned after it.
   */
  addLeafSamples(leaves: {
    readonly parent: Uint32Array;
    readonly frame: Uint32Array;
    readonly weight: Float64Array;
    readonly ticks: Uint32Array;
  }): void {
    const stacks = this.#stackRows();
    const { length } = this.#frames.function;
    this.#leafStacks = appendLeaves(
      stacks.parent,
      stacks.frame,
      leaves.parent,
      leaves.frame,
      length,
    );
    const columns = this.#samples;
    columns.weight.append(leaves.weight);
    columns.stack.append(this.#leafStacks.rowOfLeaf);
    columns.ticks.append(leaves.ticks);
    for (const column of [columns.timeNs, columns.thread, columns.flags]) {
      column.appendZeros(leaves.weight.length);
    }
  }

  addWarning(line: string): void {
    this.#warnings.push(line);
  }

  build(meta: ProfileMeta, counters: ProfileCounters = { lost: {} }): ProfileData {
    const { parent, frame } = this.#leafStacks ?? this.#stackRows();
    return {
      meta,
      counters,
      strings: this.#strings.slice(),
      functions: finishTable(this.#functions),
      frames: finishTable(this.#frames),
      stacks: {
        length: parent.length,
        parent,
        frame,
        isTrie: true,
      },
      threads: this.#threads.slice(),
      samples: finishTable(this.#samples),
      warnings: this.#warnings.slice(),
    };
  }

  #stackRows(): { parent: Uint32Array; frame: Uint32Array } {
    const stacks = this.#stacks;
    return { parent: prependZero(stacks.firsts()), frame: prependZero(stacks.seconds()) };
  }
}

function pushRow<C extends GrowableColumns>(
  columns: C,
  row: Record<keyof C & string, number>,
): void {
  for (const name in columns) columns[name]?.push(row[name] as number);
}

function prependZero(values: Uint32Array): Uint32Array {
  const result = new Uint32Array(values.length + 1);
  result.set(values, 1);
  return result;
}
