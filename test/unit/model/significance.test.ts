import { describe, expect, it } from 'vitest';
import { discoveryThreshold, ratioVariance } from '../../../src/model/diff/significance.ts';
import { criticalT, twoSidedP } from '../../../src/model/diff/student-t.ts';
import { Random } from './random.ts';

describe('the t distribution', () => {
  // From published tables of Student's t, two-sided.
  it.each([
    [12.706, 1, 0.05],
    [63.657, 1, 0.01],
    [2.228, 10, 0.05],
    [4.587, 10, 0.001],
    [2.045, 29, 0.05],
    [1.98, 120, 0.05],
    [1.959964, Number.POSITIVE_INFINITY, 0.05],
    [3.290527, Number.POSITIVE_INFINITY, 0.001],
  ])('has %f with %f degrees of freedom at %f', (t, degreesOfFreedom, p) => {
    expect(twoSidedP(t, degreesOfFreedom)).toBeCloseTo(p, 4);
    expect(twoSidedP(-t, degreesOfFreedom)).toBeCloseTo(p, 4);
    expect(criticalT(p, degreesOfFreedom) / t).toBeCloseTo(1, 3);
  });

  it('keeps to probabilities at its ends', () => {
    expect(twoSidedP(0, 5)).toBe(1);
    expect(twoSidedP(1e9, 50)).toBeLessThan(1e-100);
    expect(twoSidedP(Number.NaN, 5)).toBe(1);
  });
});

describe('ratioVariance', () => {
  const ones = (length: number) => new Float64Array(length).fill(1);

  it('is the variance of a mean where parts are independent', () => {
    const { value, degreesOfFreedom } = ratioVariance(Float64Array.of(1, 2, 3, 4), ones(4));
    expect(value).toBeCloseTo(5 / 3 / 4, 12);
    expect(degreesOfFreedom).toBe(3);
  });

  it('knows nothing of one part, and of parts without weight', () => {
    for (const x of [Float64Array.of(3), Float64Array.of(0, 0)]) {
      expect(ratioVariance(x, x)).toEqual({ value: 0, degreesOfFreedom: Number.POSITIVE_INFINITY });
    }
  });

  // The true variance of the mean of n values of x[t] = φ x[t-1] + e, with e of variance 1, is 1 / (n (1-φ)²) for large n.
  // An estimate over 10 windows varies by 40 %, the mean of 40 such by 6 %; the bound is five times that.
  it.each([0.9, 0.5, 0, -0.6])('sees how neighbours depend on each other: φ = %f', (phi) => {
    const [length, runs] = [2000, 40];
    const random = new Random(7);
    const noise = () => Math.sqrt(12) * (random.next() - 0.5);
    let sum = 0;
    for (let run = 0; run < runs; run++) {
      let x = 0;
      const values = Float64Array.from({ length }, () => {
        x = phi * x + noise();
        return x;
      });
      sum += ratioVariance(values, ones(length), length / 10).value;
    }
    const truth = 1 / (length * (1 - phi) ** 2);
    expect(sum / runs / truth).toBeGreaterThan(0.7);
    expect(sum / runs / truth).toBeLessThan(1.3);
  });
});

describe('discoveryThreshold', () => {
  it('is that of Benjamini and Hochberg', () => {
    // Their example: 15 comparisons, of which the four smallest are discoveries at 0.05.
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
      0.6528, 0.759, 1,
    ];
    expect(discoveryThreshold(p.reverse(), 0.05)).toBe(0.0095);
    expect(discoveryThreshold([0.04, 0.9], 0.05)).toBe(-1);
    expect(discoveryThreshold([], 0.05)).toBe(-1);
  });
});
