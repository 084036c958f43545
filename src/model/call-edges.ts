import type { FrameNameOptions } from './frame-names.ts';
import {
  compareFunctions,
  type FunctionIdentity,
  FunctionRows,
  functionLabel,
  PROGRAM_ROW,
} from './function-rows.ts';
import { compilePatterns, type FramePattern } from './pattern.ts';
import type { ProfileData } from './profile-data.ts';
import { forEachStack, sumByStack } from './stack-sums.ts';

/** One caller or callee of the functions asked about. */
export interface CallEdge extends FunctionIdentity {
  /** Weight of the samples that went this way, in the profile's unit. */
  readonly weight: number;
  readonly samples: number;
}

/** Who calls some functions, and whom they call. Both lists are largest first. */
export interface CallNeighbors {
  /** The functions asked about, by name. */
  readonly functions: readonly FunctionIdentity[];
  /** Weight of samples with one of them on the stack. */
  readonly totalWeight: number;
  readonly totalSamples: number;
  /** Weight of samples that ended in one of them. */
  readonly selfWeight: number;
  readonly selfSamples: number;
  /** Together with {@link rootWeight} they add up to the total. */
  readonly callers: readonly CallEdge[];
  /** Together with the own weight they add up to the total. */
  readonly callees: readonly CallEdge[];
  /** Weight of samples where nothing is known to have called them. */
  readonly rootWeight: number;
  readonly rootSamples: number;
}

/**
 * Sums the samples through some functions by caller and by callee. Where such a function recurs in a stack, its caller is
 * what called the outermost, its callee what the innermost called: each sample counts once on either side.
 *
 * A text that is a function's whole name means the functions of that name, any other is a pattern for
 * `name (path:line)`.
 * @throws SigprofError ERR_SIGPROF_INVALID_OPTION for a bad pattern
 */
export function findNeighbors(
  profile: ProfileData,
  target: FramePattern,
  options: FrameNameOptions = {},
): CallNeighbors {
  const functions = new FunctionRows();
  const rowOfFrame = functions.mapFrames(profile, options);
  const { list } = functions;
  const isTarget = targetRows(list, target);
  const callers = new EdgeSums(list);
  const callees = new EdgeSums(list);
  const seen = new Set<number>();
  const { stacks } = profile;
  const rowAt = (stack: number) => rowOfFrame[stacks.frame[stack] as number] as number;
  forEachStack(sumByStack(profile), (stack, weight, samples) => {
    if (stack === 0 && isTarget[PROGRAM_ROW] === 1) {
      seen.add(PROGRAM_ROW);
      callees.add(-1, weight, samples);
      callers.add(-1, weight, samples);
    }
    let callee = -1;
    let below = -1;
    let outermost = 0;
    for (let at = stack; at !== 0; at = stacks.parent[at] as number) {
      const row = rowAt(at);
      if (isTarget[row] === 1) {
        seen.add(row);
        if (outermost === 0) callee = below;
        outermost = at;
      }
      below = row;
    }
    if (outermost === 0) return;
    const caller = stacks.parent[outermost] as number;
    callees.add(callee, weight, samples);
    callers.add(caller === 0 ? -1 : rowAt(caller), weight, samples);
  });
  return {
    functions: [...seen].map((row) => list[row] as FunctionIdentity).sort(compareFunctions),
    totalWeight: callers.total.weight,
    totalSamples: callers.total.samples,
    selfWeight: callees.none.weight,
    selfSamples: callees.none.samples,
    callers: callers.finish(),
    callees: callees.finish(),
    rootWeight: callers.none.weight,
    rootSamples: callers.none.samples,
  };
}

function targetRows(list: readonly FunctionIdentity[], target: FramePattern): Uint8Array {
  const isNamed = typeof target === 'string' && list.some(({ name }) => name === target);
  const matches = isNamed ? undefined : compilePatterns([target]);
  return Uint8Array.from(list, (row) => {
    const isHit = matches === undefined ? row.name === target : matches(functionLabel(row));
    return isHit ? 1 : 0;
  });
}

/** Sums by row; row -1 is none. */
class EdgeSums {
  readonly total = { weight: 0, samples: 0 };
  readonly none = { weight: 0, samples: 0 };
  readonly #list: readonly FunctionIdentity[];
  readonly #byRow = new Map<number, { weight: number; samples: number }>();

  constructor(list: readonly FunctionIdentity[]) {
    this.#list = list;
  }

  add(row: number, weight: number, samples: number): void {
    let sum = row < 0 ? this.none : this.#byRow.get(row);
    if (sum === undefined) {
      sum = { weight: 0, samples: 0 };
      this.#byRow.set(row, sum);
    }
    sum.weight += weight;
    sum.samples += samples;
    this.total.weight += weight;
    this.total.samples += samples;
  }

  finish(): CallEdge[] {
    return [...this.#byRow]
      .map(([row, sum]) => ({ ...(this.#list[row] as FunctionIdentity), ...sum }))
      .sort((a, b) => b.weight - a.weight || compareFunctions(a, b));
  }
}
