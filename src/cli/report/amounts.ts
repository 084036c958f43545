import type { Profile } from '../../profile.ts';

/** Times of long recordings are shown in seconds. */
const LONG_NS = 100e9;

/** Writes the weights of one profile for people. */
export class Amounts {
  readonly #total: number;
  readonly #isTime: boolean;
  readonly #isLong: boolean;

  /** @param total what percentages are of */
  constructor(unit: string, total: number) {
    this.#total = total;
    this.#isTime = unit.startsWith('nanoseconds');
    this.#isLong = total >= LONG_NS;
  }

  weight(value: number): string {
    if (!this.#isTime) return formatCount(value);
    return this.#isLong ? `${(value / 1e9).toFixed(2)} s` : `${(value / 1e6).toFixed(1)} ms`;
  }

  percent(value: number): string {
    return (this.#total > 0 ? (100 * value) / this.#total : 0).toFixed(1);
  }
}

/** A number as whole as it is. */
export function formatCount(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

/** A number of things: `1 sample`, `2 samples`. */
export function countOf(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? '' : 's'}`;
}

/** What a profile is of, in one line. */
export function describeProfile(profile: Profile): string {
  const { meta, totals, counters } = profile;
  const amounts = new Amounts(meta.unit, totals.weight);
  const isTime = meta.unit === 'nanoseconds';
  const what = meta.mode === 'wall' ? 'of elapsed time of threads' : 'of CPU time';
  const facts = [
    isTime ? countOf(totals.samples, 'sample') : countOf(totals.weight, 'count'),
    isTime ? `${amounts.weight(totals.weight)} ${what}` : '',
    counters.durationNs === undefined
      ? ''
      : `recorded in ${(counters.durationNs / 1e9).toFixed(2)} s`,
    meta.effectiveRateHz === undefined ? '' : `at ${Math.round(meta.effectiveRateHz)} Hz`,
    meta.nodeVersion === undefined ? '' : `Node ${meta.nodeVersion.replace(/^v/, '')}`,
    ...(meta.filters ?? []),
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}
