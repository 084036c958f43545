import {
  type FrameCategory,
  type FrameNameOptions,
  FrameNamer,
  PROGRAM_FRAME,
} from './frame-names.ts';
import type { ProfileData } from './profile-data.ts';
import { compareBytes } from './text.ts';

/** What to list of a profile's functions. */
export interface FunctionTotalsOptions extends FrameNameOptions {
  /** Largest first by own or by own and callees' weight. @default 'self' */
  readonly sort?: 'self' | 'total' | undefined;
  /** List at most so many. @default all */
  readonly limit?: number | undefined;
}

/** One function and what it cost. Weights are in the profile's unit: nanoseconds, or a bare count. */
export interface FunctionTotals {
  readonly name: string;
  /** Shortened path; '' when there is none. */
  readonly path: string;
  /** Line of the definition, or the executing one with `lines`; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  readonly category: FrameCategory;
  /** Weight of samples that ended in it. */
  readonly selfWeight: number;
  /** Weight of samples with it anywhere in the stack; recursion counts once. */
  readonly totalWeight: number;
  readonly selfSamples: number;
  readonly totalSamples: number;
}

/** Sums the samples by function; one function seen by several threads, or inlined here and called there, is one row. */
export function sumByFunction(
  profile: ProfileData,
  options: FunctionTotalsOptions = {},
): FunctionTotals[] {
  const rows = new FunctionRows(profile, options);
  const { stacks, samples } = profile;
  const { weight, ticks } = sumByStack(profile);
  const lastSeen = new Uint32Array(rows.list.length);
  for (let stack = 0; stack < stacks.length; stack++) {
    if (weight[stack] === 0 && ticks[stack] === 0) continue;
    const leaf = stack === 0 ? 0 : rows.ofFrame(stacks.frame[stack] as number);
    rows.add('selfWeight', 'selfSamples', leaf, weight[stack] as number, ticks[stack] as number);
    if (stack === 0)
      rows.add('totalWeight', 'totalSamples', 0, weight[0] as number, ticks[0] as number);
    for (let at = stack; at !== 0; at = stacks.parent[at] as number) {
      const row = rows.ofFrame(stacks.frame[at] as number);
      if (lastSeen[row] === stack) continue;
      lastSeen[row] = stack;
      rows.add('totalWeight', 'totalSamples', row, weight[stack] as number, ticks[stack] as number);
    }
  }
  const key = options.sort === 'total' ? 'totalWeight' : 'selfWeight';
  const other = key === 'totalWeight' ? 'selfWeight' : 'totalWeight';
  const seen =
    samples.length === 0
      ? []
      : rows.list.filter((row) => row.totalSamples > 0 || row.totalWeight > 0);
  seen.sort((a, b) => b[key] - a[key] || b[other] - a[other] || compareRows(a, b));
  return options.limit === undefined ? seen : seen.slice(0, options.limit);
}

type MutableTotals = { -readonly [K in keyof FunctionTotals]: FunctionTotals[K] };

class FunctionRows {
  /** Row 0 stands for samples without frames. */
  readonly list: MutableTotals[] = [emptyRow(PROGRAM_FRAME, '', 0, 0, 'special')];
  readonly #ofFrame: Uint32Array;

  constructor(profile: ProfileData, options: FunctionTotalsOptions) {
    const { frames, functions } = profile;
    const namer = new FrameNamer(profile, options);
    const ids = new Map<string, number>([[`${PROGRAM_FRAME}\n\n0\n0`, 0]]);
    this.#ofFrame = Uint32Array.from({ length: frames.length }, (_, frame) => {
      const fn = frames.function[frame] as number;
      const { name, path, category } = namer.functionName(fn);
      const executing = options.lines === true ? (frames.line[frame] as number) : 0;
      const line = executing || (functions.line[fn] as number);
      const column = executing ? 0 : (functions.column[fn] as number);
      const key = `${name}\n${path}\n${line}\n${column}`;
      let id = ids.get(key);
      if (id === undefined) {
        id = this.list.push(emptyRow(name, path, line, column, category)) - 1;
        ids.set(key, id);
      }
      return id;
    });
  }

  ofFrame(frame: number): number {
    return this.#ofFrame[frame] as number;
  }

  add(
    weightKey: 'selfWeight' | 'totalWeight',
    samplesKey: 'selfSamples' | 'totalSamples',
    row: number,
    weight: number,
    samples: number,
  ): void {
    const totals = this.list[row] as MutableTotals;
    totals[weightKey] += weight;
    totals[samplesKey] += samples;
  }
}

function emptyRow(
  name: string,
  path: string,
  line: number,
  column: number,
  category: FrameCategory,
): MutableTotals {
  const sums = { selfWeight: 0, totalWeight: 0, selfSamples: 0, totalSamples: 0 };
  return { name, path, line, column, category, ...sums };
}

function sumByStack(profile: ProfileData): { weight: Float64Array; ticks: Float64Array } {
  const { samples, stacks } = profile;
  const weight = new Float64Array(stacks.length);
  const ticks = new Float64Array(stacks.length);
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stack[row] as number;
    weight[stack] = (weight[stack] as number) + (samples.weight[row] as number);
    ticks[stack] = (ticks[stack] as number) + (samples.ticks[row] as number);
  }
  return { weight, ticks };
}

function compareRows(a: FunctionTotals, b: FunctionTotals): number {
  return (
    compareBytes(a.name, b.name) ||
    compareBytes(a.path, b.path) ||
    a.line - b.line ||
    a.column - b.column
  );
}
