// Whether a difference is more than chance. docs/diff.md tells the method for users.
//
// The unit of observation is never the sample, because neighbouring samples are alike. It is
// - the recording, where a side has several: their spread is all there is to know;
// - otherwise a tenth of the recording, in the order of time, at every place it can start ("overlapping batch means"):
//   such parts are long against what makes neighbouring samples alike, or alternate, and about ten are enough
//   (M. Meketon, B. Schmeiser, Overlapping batch means: something for nothing?, Winter Simulation Conference 1984;
//   B. Schmeiser, Batch size effects in the analysis of simulation output, Operations Research 30, 1982);
// - where a file has no times, nothing of the kind: the binomial variance is multiplied by an assumed factor.
// Shares are ratios of two sums, so their variance is that of a ratio estimator (W. G. Cochran, Sampling Techniques, 3rd ed.
// 1977, 6.3). It is never taken to be smaller than that of as many independent samples. Two sides are compared by Welch's
// t test; many functions at once by the procedure of Y. Benjamini and Y. Hochberg (Controlling the false discovery rate,
// J. R. Statist. Soc. B 57, 1995).

import { criticalT, twoSidedP } from './student-t.ts';

/** A variance, and how well it is known; what is assumed has infinitely many degrees of freedom. */
export interface Variance {
  readonly value: number;
  readonly degreesOfFreedom: number;
}

/** The sum of independent variances, with the degrees of freedom of Welch and Satterthwaite. */
export function addVariances(...list: readonly Variance[]): Variance {
  const value = list.reduce((sum, variance) => sum + variance.value, 0);
  const spread = list.reduce(
    (sum, { value: part, degreesOfFreedom }) => sum + part ** 2 / degreesOfFreedom,
    0,
  );
  return { value, degreesOfFreedom: spread > 0 ? value ** 2 / spread : Number.POSITIVE_INFINITY };
}

/** The larger of two variances. */
export function maxVariance(a: Variance, b: Variance): Variance {
  return a.value >= b.value ? a : b;
}

/**
 * The variance of Σx / Σd, from the pairs of x and d in the order of time; pairs that are less than `window` apart may
 * depend on each other. With a window of 1 they are independent, and this is the usual variance.
 */
export function ratioVariance(x: Float64Array, d: Float64Array, window = 1): Variance {
  const count = x.length;
  const sumD = sum(d);
  if (count <= window || sumD <= 0) return { value: 0, degreesOfFreedom: Number.POSITIVE_INFINITY };
  const ratio = sum(x) / sumD;
  const residual = x.map((value, at) => value - ratio * (d[at] as number));
  let squares = 0;
  let batch = 0;
  for (let at = 0; at < count; at++) {
    batch += residual[at] as number;
    if (at >= window) batch -= residual[at - window] as number;
    if (at >= window - 1) squares += batch ** 2;
  }
  const batches = count - window + 1;
  const ofSum = (count ** 2 * squares) / (window * batches * (count - window));
  const degreesOfFreedom = window === 1 ? count - 1 : 1.5 * (count / window - 1);
  return { value: ofSum / sumD ** 2, degreesOfFreedom };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A tested difference. */
export interface TestedDelta {
  readonly pValue: number;
  /** Half the width of the confidence interval. */
  readonly margin: number;
}

/** Tests a difference against zero. */
export function testDelta(delta: number, variance: Variance, confidence: number): TestedDelta {
  const error = Math.sqrt(variance.value);
  const { degreesOfFreedom } = variance;
  if (error === 0) return { pValue: delta === 0 ? 1 : 0, margin: 0 };
  return {
    pValue: twoSidedP(delta / error, degreesOfFreedom),
    margin: error * criticalT(1 - confidence, degreesOfFreedom),
  };
}

/** The largest p-value that is significant among these, so that false discoveries keep to the given rate; -1 for none. */
export function discoveryThreshold(pValues: readonly number[], rate: number): number {
  const sorted = [...pValues].sort((a, b) => a - b);
  for (let at = sorted.length - 1; at >= 0; at--) {
    const p = sorted[at] as number;
    if (p <= (rate * (at + 1)) / sorted.length) return p;
  }
  return -1;
}
