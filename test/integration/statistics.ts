// What sampling alone may make a measured share differ by. A tick stands for all the CPU time since the one before, which on
// a busy machine is anything from one period to tens of them, so bounds come from the weights that were in fact sampled.

// Of a normal distribution: one false alarm in 150,000.
const DEVIATIONS = 4.5;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Samples of weights w are as good as (sum w)^2 / sum w^2 equal ones (Kish's effective sample size). */
export function effectiveCount(weights: readonly number[]): number {
  return sum(weights) ** 2 / sum(weights.map((weight) => weight ** 2));
}

/** How far a measured share may be from the true one, `share`. */
export function shareError(share: number, weights: readonly number[]): number {
  return DEVIATIONS * Math.sqrt((share * (1 - share)) / effectiveCount(weights));
}

/**
 * How large the measured share of something rare may be, the true one of which is at most `share`. Where less than a tenth
 * of a sample is expected, three have a probability of 2e-4 and four of 4e-6: room for three of the heaviest.
 */
export function rareShareBound(share: number, weights: readonly number[]): number {
  return share + shareError(share, weights) + (3 * Math.max(...weights)) / sum(weights);
}
