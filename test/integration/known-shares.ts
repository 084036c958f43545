// Shares of CPU time that a profile of shares.cjs must show, against what the program measured itself.
import { expect } from 'vitest';
import { hasFrame, type Recorded, type Sample, weightOf } from './recorded-program.ts';
import { effectiveCount } from './statistics.ts';

// What the program's own clocks are off by: its calls of the clock, the warm-up, rounding.
const TRUTH_ERROR = 0.01;

/**
 * How far two distributions are apart, which only sampling may explain. Of n samples a share p has the standard deviation
 * s = sqrt(p (1 - p) / n); the distance, half
 * the sum of the absolute differences, has the mean sqrt(2/pi)/2 * sum s and, as differences are all but independent, a
 * standard deviation below half the root of the sum of s^2. Mean and four of these: one false alarm in 30,000.
 */
function samplingBound(shares: readonly number[], samples: readonly Sample[]): number {
  const n = effectiveCount(samples.map(({ weightNs }) => weightNs));
  const deviations = shares.map((share) => Math.sqrt((share * (1 - share)) / n));
  const mean = (Math.sqrt(2 / Math.PI) / 2) * deviations.reduce((total, s) => total + s, 0);
  return mean + 2 * Math.sqrt(deviations.reduce((total, s) => total + s ** 2, 0));
}

const toShares = (values: readonly number[]) => {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
};

/** Of the phases of shares.cjs. */
export function expectKnownShares({ ended, samples }: Recorded): void {
  const { isNumber, ...spentMs } = JSON.parse(ended.stdout) as Record<string, number>;
  expect(isNumber).toBe(1);
  const phases = Object.keys(spentMs);
  expect(phases).toHaveLength(11);
  const expected = toShares(Object.values(spentMs));
  const actual = toShares(phases.map((phase) => weightOf(samples, hasFrame(phase))));
  const distance =
    actual.reduce((sum, share, i) => sum + Math.abs(share - (expected[i] as number)), 0) / 2;
  expect(distance).toBeLessThan(samplingBound(expected, samples) + TRUTH_ERROR);
}
