import type { FrameNameOptions } from './frame-names.ts';
import {
  compareFunctions,
  type FunctionIdentity,
  FunctionRows,
  functionLabel,
  StackRows,
} from './function-rows.ts';
import { compilePatterns, type FramePattern } from './pattern.ts';
import type { ProfileData } from './profile-data.ts';
import { forEachStack, sumByStack } from './stack-sums.ts';

/** What rows are ordered by: own weight, own and callees' weight, own samples, or the text. */
export type SortKey = 'self' | 'total' | 'samples' | 'name';

/** What to list of a profile's functions. */
export interface FunctionTotalsOptions extends FrameNameOptions {
  /** Largest first; by `name` in the order of the alphabet. @default 'self' */
  readonly sort?: SortKey | undefined;
  /** List at most so many. @default all */
  readonly limit?: number | undefined;
  /** List those that match one of these, as they read: `name (path:line)`. @default all */
  readonly match?: readonly FramePattern[] | undefined;
}

/** Own and total cost. Weights are in the profile's unit: nanoseconds, or a bare count. */
export interface CostTotals {
  /** Weight of samples that ended in it. */
  readonly selfWeight: number;
  /** Weight of samples with it anywhere in the stack; recursion counts once. */
  readonly totalWeight: number;
  readonly selfSamples: number;
  readonly totalSamples: number;
}

/** One function and what it cost. */
export interface FunctionTotals extends FunctionIdentity, CostTotals {}

/** Costs while they are added up. */
export type MutableCosts = { -readonly [K in keyof CostTotals]: CostTotals[K] };

/**
 * Sums the samples by function; one function seen by several threads, or inlined here and called there, is one row.
 * @throws SigprofError ERR_SIGPROF_INVALID_OPTION for a bad pattern
 */
export function sumByFunction(
  profile: ProfileData,
  options: FunctionTotalsOptions = {},
): FunctionTotals[] {
  const functions = new FunctionRows();
  const rowOfFrame = functions.mapFrames(profile, options);
  const { list } = functions;
  const costs = list.map(noCosts);
  const walker = new StackRows(profile.stacks, rowOfFrame, list.length);
  forEachStack(sumByStack(profile), (stack, weight, samples) => {
    const leaf = costs[walker.leaf(stack)] as MutableCosts;
    leaf.selfWeight += weight;
    leaf.selfSamples += samples;
    walker.forEachOnce(stack, (row) => {
      const cost = costs[row] as MutableCosts;
      cost.totalWeight += weight;
      cost.totalSamples += samples;
    });
  });
  const matches = matcher(options.match);
  const seen = list
    .map((row, at): FunctionTotals => ({ ...row, ...(costs[at] as CostTotals) }))
    .filter((row) => hasCost(row) && matches(functionLabel(row)));
  const order = byCost<FunctionTotals>(compareFunctions, options.sort);
  return seen.sort(order).slice(0, options.limit);
}

/** Costs to add to. */
export function noCosts(): MutableCosts {
  return { selfWeight: 0, totalWeight: 0, selfSamples: 0, totalSamples: 0 };
}

/** Whether any sample belongs to it. */
export function hasCost({ totalWeight, totalSamples }: CostTotals): boolean {
  return totalSamples > 0 || totalWeight > 0;
}

/** The order of rows by their cost; equal ones by what they are. */
export function byCost<Row extends CostTotals>(
  compare: (a: Row, b: Row) => number,
  sort: SortKey = 'self',
): (a: Row, b: Row) => number {
  if (sort === 'name') return compare;
  const keys = {
    self: ['selfWeight', 'totalWeight'],
    total: ['totalWeight', 'selfWeight'],
    samples: ['selfSamples', 'selfWeight'],
  } as const;
  const [key, other] = keys[sort];
  return (a, b) => b[key] - a[key] || b[other] - a[other] || compare(a, b);
}

/** A test for rows; without patterns all pass. */
export function matcher(patterns: readonly FramePattern[] = []): (text: string) => boolean {
  return patterns.length === 0 ? () => true : compilePatterns(patterns);
}
