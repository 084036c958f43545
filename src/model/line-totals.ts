import { type FrameCategory, FrameNamer } from './frame-names.ts';
import {
  byCost,
  type CostTotals,
  type FunctionTotalsOptions,
  hasCost,
  type MutableCosts,
  matcher,
  noCosts,
} from './function-totals.ts';
import { FunctionKind, type ProfileData } from './profile-data.ts';
import { forEachStack, sumByStack } from './stack-sums.ts';
import { compareBytes } from './text.ts';

/** One line of source text and what it cost. `selfSamples` are its hits. */
export interface LineTotals extends CostTotals {
  /** The script as the recording names it: a path, a `file:` URL, or `node:…`. */
  readonly script: string;
  /** The same, shortened for people. */
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** The function on it, the most expensive one where there are several. */
  readonly name: string;
  readonly category: FrameCategory;
}

/**
 * Sums the samples by the source lines that were executing. What has no line (builtins, native code, garbage collection)
 * is charged to the line that led to it. So own weights add up to all samples with JavaScript on their stacks.
 * @throws SigprofError ERR_SIGPROF_INVALID_OPTION for a bad pattern
 */
export function sumByLine(
  profile: ProfileData,
  options: Omit<FunctionTotalsOptions, 'lines'> = {},
): LineTotals[] {
  const rows = new LineRows(profile, options);
  const { stacks } = profile;
  const lastVisit = new Uint32Array(rows.length);
  forEachStack(sumByStack(profile), (stack, weight, samples) => {
    let isLeaf = true;
    for (let at = stack; at !== 0; at = stacks.parent[at] as number) {
      const frame = stacks.frame[at] as number;
      const row = rows.ofFrame(frame);
      if (row === 0) continue;
      const cost = rows.costs(row);
      if (isLeaf) {
        cost.selfWeight += weight;
        cost.selfSamples += samples;
      }
      isLeaf = false;
      rows.creditFunction(frame, weight);
      // Stack 0 has no frames, so no stack with samples is taken for an earlier visit.
      if (lastVisit[row] === stack) continue;
      lastVisit[row] = stack;
      cost.totalWeight += weight;
      cost.totalSamples += samples;
    }
  });
  const matches = matcher(options.match);
  return rows
    .finish()
    .filter((row) => hasCost(row) && matches(`${row.name} (${row.path}:${row.line})`))
    .sort(byCost(compareLines, options.sort))
    .slice(0, options.limit);
}

/** Lines by number; row 0 stands for frames that have none. */
class LineRows {
  readonly #profile: ProfileData;
  readonly #namer: FrameNamer;
  readonly #rowOfFrame: Uint32Array;
  readonly #weightOfFrame: Float64Array;
  readonly #costs: MutableCosts[] = [noCosts()];

  constructor(profile: ProfileData, options: FunctionTotalsOptions) {
    this.#profile = profile;
    this.#namer = new FrameNamer(profile, options);
    const { frames, functions, strings } = profile;
    const ids = new Map<string, number>();
    this.#weightOfFrame = new Float64Array(frames.length);
    this.#rowOfFrame = Uint32Array.from({ length: frames.length }, (_, frame) => {
      const fn = frames.function[frame] as number;
      const line = frames.line[frame] || (functions.line[fn] as number);
      const script = strings[functions.script[fn] as number] as string;
      if (functions.kind[fn] !== FunctionKind.javascript || script === '' || line <= 0) return 0;
      const key = `${script}\n${line}`;
      const known = ids.get(key);
      if (known !== undefined) return known;
      const row = this.#costs.push(noCosts()) - 1;
      ids.set(key, row);
      return row;
    });
  }

  get length(): number {
    return this.#costs.length;
  }

  ofFrame(frame: number): number {
    return this.#rowOfFrame[frame] as number;
  }

  costs(row: number): MutableCosts {
    return this.#costs[row] as MutableCosts;
  }

  creditFunction(frame: number, weight: number): void {
    this.#weightOfFrame[frame] = (this.#weightOfFrame[frame] as number) + weight;
  }

  finish(): LineTotals[] {
    const { frames, functions, strings } = this.#profile;
    const heaviest = new Int32Array(this.#costs.length).fill(-1);
    this.#rowOfFrame.forEach((row, frame) => {
      const other = heaviest[row] as number;
      const isHeavier =
        other < 0 ||
        (this.#weightOfFrame[frame] as number) > (this.#weightOfFrame[other] as number);
      if (isHeavier) heaviest[row] = frame;
    });
    return this.#costs.slice(1).map((costs, at) => {
      const frame = heaviest[at + 1] as number;
      const fn = frames.function[frame] as number;
      const { name, path, category } = this.#namer.functionName(fn);
      const script = strings[functions.script[fn] as number] as string;
      const line = frames.line[frame] || (functions.line[fn] as number);
      return { script, path, line, name, category, ...costs };
    });
  }
}

function compareLines(a: LineTotals, b: LineTotals): number {
  return compareBytes(a.path, b.path) || a.line - b.line || compareBytes(a.script, b.script);
}
