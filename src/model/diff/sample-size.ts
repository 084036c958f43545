import type { ProfileData } from '../profile-data.ts';
import { hasTimes } from './replicates.ts';

/** Counts that large together, whose smaller stacks weigh that much, are no samples but time or bytes. */
const SMALLEST_SCALED_SUM = 100_000;
const SMALLEST_SCALED_COUNT = 100;

/**
 * How many samples of equal weight would say as much as those there are, were they independent: Kish's effective sample
 * size, (Σw)² / Σw². (L. Kish, Survey Sampling, 1965.)
 *
 * Without times a row is a whole stack of some file of counts. Its ticks are the samples, unless they are the counts
 * themselves and too large to be samples; then the weight of a small stack, the tenth from below of a hundred, is taken
 * for one sample, which rather underestimates their number.
 */
export function sampleSize(profile: ProfileData): number {
  const { samples } = profile;
  if (samples.length === 0) return 0;
  if (hasTimes(profile)) return kishSize(samples.weight);
  let ticks = 0;
  let weight = 0;
  let isCount = true;
  for (let row = 0; row < samples.length; row++) {
    ticks += samples.ticks[row] as number;
    weight += samples.weight[row] as number;
    if (samples.ticks[row] !== samples.weight[row]) isCount = false;
  }
  if (!isCount && ticks > samples.length) return ticks;
  const weights = Float64Array.from(samples.weight).sort();
  const small = weights[Math.floor(weights.length / 10)] as number;
  if (isCount && (weight < SMALLEST_SCALED_SUM || small < SMALLEST_SCALED_COUNT)) return ticks;
  return small > 0 ? Math.max(samples.length, weight / small) : samples.length;
}

function kishSize(weights: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row] as number;
    sum += weight;
    squares += weight * weight;
  }
  return squares > 0 ? (sum * sum) / squares : 0;
}
