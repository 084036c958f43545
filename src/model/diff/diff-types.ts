import type { FrameNameOptions } from '../frame-names.ts';
import type { FunctionIdentity } from '../function-rows.ts';
import type { FramePattern } from '../pattern.ts';

/**
 * What is compared: each function's `share` of its profile; its CPU time in each `second` that was recorded; or its time
 * in each `recording`, which means something where both sides did the same work.
 */
export type DiffNormalization = 'share' | 'second' | 'recording';

/** How two profiles are compared. */
export interface DiffOptions extends FrameNameOptions {
  /** @default 'share' */
  readonly normalize?: DiffNormalization | undefined;
  /**
   * The probability with which intervals hold the true difference; of what is called significant at most the rest of it is
   * chance. Above 0.5, below 1. @default 0.95
   */
  readonly confidence?: number | undefined;
  /**
   * How far the time of the same function in the same program is assumed to vary from run to run, as a standard deviation
   * relative to it; used where a side has a single recording, which can't tell. From 0 to 1. @default 0.02
   */
  readonly noise?: number | undefined;
  /** What the largest changes are sought in. @default 'self' */
  readonly sort?: 'self' | 'total' | undefined;
  /** List at most so many functions. @default all */
  readonly limit?: number | undefined;
  /** List those that match one of these, as they read: `name (path:line)`. @default all */
  readonly match?: readonly FramePattern[] | undefined;
}

/** One value on both sides. */
export interface Change {
  readonly base: number;
  readonly new: number;
  /** `new` less `base`. */
  readonly delta: number;
  /** `delta` by `base`; undefined when that is zero. */
  readonly relative: number | undefined;
  /** The true difference is in `delta` ± this, with the confidence asked for; undefined: nothing can be told. */
  readonly margin: number | undefined;
  /** How likely chance alone makes such a difference; undefined: too few samples, or too few recordings, to tell. */
  readonly pValue: number | undefined;
  /** Whether it is more than chance, all comparisons together considered. */
  readonly significant: boolean;
}

/** One function on both sides. Position and category are those in the new profile, or in the base of what is gone. */
export interface FunctionDiff extends FunctionIdentity {
  /** `new`: not in the base; `gone`: in the base only. */
  readonly status: 'both' | 'new' | 'gone';
  readonly self: Change;
  readonly total: Change;
}

/** What is known about one side of a comparison. */
export interface DiffSide {
  readonly recordings: number;
  /** Ticks. */
  readonly samples: number;
  /** In the profile's unit. */
  readonly weight: number;
  readonly durationNs: number | undefined;
  /** Independent samples of equal weight that would say as much, at most. */
  readonly effectiveSamples: number;
  /**
   * What its uncertainty is taken from: several `recordings`, `parts` of one in the order of time, or `assumed` where
   * there are no times or too few samples.
   */
  readonly method: 'recordings' | 'parts' | 'assumed';
}

/** Two profiles, or groups of profiles, compared function by function. */
export interface ProfileDiff {
  readonly normalize: DiffNormalization;
  /** Of all values: a `fraction` of 1, or the profiles' unit, or that for each second. */
  readonly unit: 'fraction' | 'nanoseconds' | 'count' | 'nanoseconds/second' | 'count/second';
  readonly confidence: number;
  readonly noise: number;
  readonly base: DiffSide;
  readonly new: DiffSide;
  /** All functions together: the times; never shares, which are 1. Undefined when the units differ. */
  readonly whole: Change | undefined;
  /** The largest changes first. */
  readonly functions: readonly FunctionDiff[];
  /** What limits the comparison; one line each. */
  readonly notes: readonly string[];
}
