// The shape of a profile in memory: one table a concept, column-wise, rows named by their index. Columns are handed out as
// read-only views, so a profile can be shared by several owners; whoever wants another profile builds a new one.

declare const brand: unique symbol;
type Id<Name extends string> = number & { readonly [brand]: Name };

/** Row of {@link ProfileData.strings}; 0 is the empty string. */
export type StringId = Id<'string'>;
/** Row of {@link ProfileData.functions}. */
export type FunctionId = Id<'function'>;
/** Row of {@link ProfileData.frames}. */
export type FrameId = Id<'frame'>;
/** Row of {@link ProfileData.stacks}; 0 is the empty stack. */
export type StackId = Id<'stack'>;
/** Row of {@link ProfileData.threads}. */
export type ThreadIndex = Id<'thread'>;

/** A column of numbers that can be read only. */
export type Column = ArrayLike<number>;

/** What a function is; the numbers are those of the batch format. */
export const FunctionKind = {
  javascript: 0,
  builtin: 1,
  native: 2,
  wasm: 3,
  regexp: 4,
  garbageCollector: 5,
  /** Named by its text alone: `(program)`, `[truncated]`, every frame read from a file of names. */
  special: 6,
  nativeThread: 7,
} as const;
export type FunctionKind = (typeof FunctionKind)[keyof typeof FunctionKind];

/** Bits of a frame's flags. */
export const FrameFlag = { inlined: 1, tierShift: 1, tierMask: 6 } as const;

/** Bits of a sample's flags. */
export const SampleFlag = {
  garbageCollection: 1,
  truncated: 2,
  asleep: 4,
  idle: 8,
} as const;

/** Functions; lines and columns are those of the definition, 1-based, 0 when unknown. */
export interface FunctionTable {
  readonly length: number;
  readonly name: Column;
  readonly script: Column;
  readonly line: Column;
  readonly column: Column;
  readonly kind: Column;
}

/** Frames: a function at an executing position. */
export interface FrameTable {
  readonly length: number;
  readonly function: Column;
  readonly line: Column;
  readonly column: Column;
  readonly flags: Column;
}

/** Stacks as leaf-to-root chains. Row 0 is the empty stack; a parent's row is smaller than its children's. */
export interface StackTable {
  readonly length: number;
  readonly parent: Column;
  readonly frame: Column;
  /** Whether it is known that no frame occurs twice under one parent. */
  readonly isTrie?: boolean;
}

/** One thread of the profiled process. */
export interface Thread {
  /** The operating system's id. */
  readonly tid: number;
  readonly kind: 'main' | 'worker' | 'native';
  readonly name: string;
}

/** Samples in the order they were taken within each thread. */
export interface SampleTable {
  readonly length: number;
  /** Nanoseconds since the recording's start. */
  readonly timeNs: Column;
  /** In {@link ProfileMeta.unit}: nanoseconds of CPU or elapsed time, or a bare count. */
  readonly weight: Column;
  readonly thread: Column;
  readonly stack: Column;
  /** Timer ticks this row stands for. */
  readonly ticks: Column;
  readonly flags: Column;
}

/** What was recorded, and how. Absent values are unknown. */
export interface ProfileMeta {
  /** What weights count: nanoseconds, or whatever the file they were read from counted. */
  readonly unit: 'nanoseconds' | 'count';
  readonly mode: 'cpu' | 'wall';
  readonly pid?: number;
  readonly nodeVersion?: string;
  readonly v8Version?: string;
  readonly rateHz?: number;
  readonly effectiveRateHz?: number;
  readonly timer?: string;
  readonly startTimeMs?: number;
  readonly cwd?: string;
  /** The command line, or what else names the recording. */
  readonly title?: string;
  readonly idle?: boolean;
  /** Names and places are those of the original sources, as source maps tell them. */
  readonly sourceMaps?: boolean;
  /** Patterns the samples were filtered by, for people. */
  readonly filters?: readonly string[];
}

/** Totals counted while recording, of all threads; absent values are unknown. */
export interface ProfileCounters {
  readonly durationNs?: number;
  /** CPU time of all sampled threads. */
  readonly cpuNs?: number;
  /** Weight of all samples taken. */
  readonly coveredNs?: number;
  /** CPU time of the profiler's own threads. */
  readonly helperCpuNs?: number;
  /** Time inside the signal handler. */
  readonly handlerNs?: number;
  /** Time that garbage collections waited for pending samples. */
  readonly barrierNs?: number;
  readonly foreignSignals?: number;
  /** Samples with any fault, each once. */
  readonly incompleteSamples?: number;
  /** How often threads were stopped from outside, and for how long. */
  readonly pauses?: number;
  readonly pauseMedianNs?: number;
  readonly pauseP99Ns?: number;
  readonly pauseMaxNs?: number;
  /** Samples or frames lost, by reason. */
  readonly lost: Readonly<Record<string, number>>;
}

/** A profile: immutable tables, and what is known about their making. */
export interface ProfileData {
  readonly meta: ProfileMeta;
  readonly counters: ProfileCounters;
  readonly strings: readonly string[];
  readonly functions: FunctionTable;
  readonly frames: FrameTable;
  readonly stacks: StackTable;
  readonly threads: readonly Thread[];
  readonly samples: SampleTable;
  /** Texts of scripts by name, where source maps carried them; not written to files. */
  readonly sourceTexts?: ReadonlyMap<string, string>;
  /** What was wrong with the input and could be lived with; one line each. */
  readonly warnings: readonly string[];
}

/** Sums over the samples of a profile. */
export interface ProfileTotals {
  /** In {@link ProfileMeta.unit}. */
  readonly weight: number;
  /** Ticks. */
  readonly samples: number;
}

/** Adds up all samples. */
export function sumSamples(samples: SampleTable): ProfileTotals {
  let weight = 0;
  let ticks = 0;
  for (let i = 0; i < samples.length; i++) {
    weight += samples.weight[i] as number;
    ticks += samples.ticks[i] as number;
  }
  return { weight, samples: ticks };
}
