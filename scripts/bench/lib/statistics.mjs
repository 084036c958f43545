// The few statistics the rows need. A figure is a median with its range: noise on a shared machine is
// one-sided and has long tails, so means and standard deviations would say little.

/** { median, low, high, count } of at least one number. */
export function summarize(values) {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) throw new Error('no values to summarize');
  const middle = Math.floor(sorted.length / 2);
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, low: sorted[0], high: sorted.at(-1), count: sorted.length };
}

/**
 * Cost ratios of interleaved segments [{ name, cost }]: each segment that is not `off` against the
 * mean of the `off` segments right before and after it, so that a slow drift of the machine cancels.
 * Returns name -> [ratio...]; `off` itself against its own neighbours tells the noise.
 */
export function neighbourRatios(segments) {
  const ratios = {};
  const costsBeside = (index) => {
    const before = segments.slice(0, index).findLast(({ name }) => name === 'off');
    const after = segments.slice(index + 1).find(({ name }) => name === 'off');
    return [before, after].filter(Boolean).map(({ cost }) => cost);
  };
  segments.forEach(({ name, cost }, index) => {
    const beside = costsBeside(index);
    if (beside.length < 2) return;
    ratios[name] ??= [];
    ratios[name].push(cost / ((beside[0] + beside[1]) / 2));
  });
  return ratios;
}

/**
 * What sampling alone must be expected to err: the mean total variation distance between shares and
 * those of `count` independent samples (each share's error is normal with variance p(1-p)/n).
 */
export function samplingFloor(shares, count) {
  const deviations = shares.map((p) => Math.sqrt((p * (1 - p)) / count));
  return Math.sqrt(2 / Math.PI) * 0.5 * deviations.reduce((sum, deviation) => sum + deviation, 0);
}

/** Half the sum of absolute differences of two distributions given as objects of shares. */
export function totalVariation(a, b) {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].reduce((sum, key) => sum + Math.abs((a[key] ?? 0) - (b[key] ?? 0)), 0) / 2;
}
