// What a picture says in words, on paper and in the browser.

import type { ProfileData, ProfileTotals } from '../model/profile-data.ts';

const UNITS = [
  { ns: 1e9, word: 's' },
  { ns: 1e6, word: 'ms' },
  { ns: 1e3, word: 'µs' },
] as const;

/** A time in three significant digits or more. */
export function formatNs(ns: number): string {
  for (const { ns: size, word } of UNITS) {
    if (ns >= size) return `${significant(ns / size)} ${word}`;
  }
  return `${Math.round(ns)} ns`;
}

/** A count with its thousands apart. */
export function formatCount(count: number): string {
  const [whole = '', fraction] = String(count).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** A share of a whole in percent. */
export function formatPercent(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return '0 %';
  const percent = (part / whole) * 100;
  if (percent < 0.01) return '< 0.01 %';
  return `${percent >= 99.995 ? '100' : percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

function significant(value: number): string {
  if (value >= 1000) return formatCount(Math.round(value));
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** What widths of a picture count. */
export interface Measure {
  readonly unit: 'nanoseconds' | 'count';
  /** `CPU time`, `samples`. */
  readonly words: string;
}

/** What a box stands for. */
export interface BoxAmounts {
  readonly total: number;
  /** Absent where it says nothing. */
  readonly self?: number | undefined;
  readonly samples: number;
}

/** A value as it is read out. */
export function formatValue(value: number, { unit }: Measure): string {
  return unit === 'nanoseconds' ? formatNs(value) : formatCount(Number(value.toFixed(3)));
}

/** A box in words; `shares` go into the parentheses. */
export function describeAmounts(amounts: BoxAmounts, shares: string, measure: Measure): string {
  const { total, self, samples } = amounts;
  const own = self === undefined ? '' : `, self ${formatValue(self, measure)}`;
  const words = `${formatValue(total, measure)} ${measure.words} (${shares})`;
  if (measure.unit === 'count') return `${words}${own}`;
  return `${words}, ${formatCount(samples)} ${samples === 1 ? 'sample' : 'samples'}${own}`;
}

/** What a box that stands for narrow frames is called. */
export function prunedName(frames: number): string {
  return `${formatCount(frames)} ${frames === 1 ? 'frame' : 'frames'}, too narrow to draw`;
}

/** What weights of this profile are called. */
export function metricWords(profile: ProfileData): string {
  if (profile.meta.unit === 'count') return 'samples';
  return profile.meta.mode === 'wall' ? 'elapsed time' : 'CPU time';
}

/** How much was recorded, and how. */
export function describeAmount(profile: ProfileData, totals: ProfileTotals): string {
  const { meta, counters } = profile;
  const parts: string[] = [];
  if (meta.unit === 'count') {
    parts.push(`${formatCount(totals.weight)} samples`);
  } else {
    parts.push(`${formatCount(totals.samples)} samples`);
    const isWhole = meta.mode === 'cpu' && counters.cpuNs !== undefined && !meta.filters?.length;
    const of = isWhole
      ? ` of ${formatNs(counters.cpuNs)} (${formatPercent(totals.weight, counters.cpuNs)})`
      : '';
    parts.push(`${formatNs(totals.weight)} ${metricWords(profile)}${of}`);
  }
  if (meta.rateHz !== undefined) {
    const { effectiveRateHz = meta.rateHz } = meta;
    const isReached = effectiveRateHz >= meta.rateHz * 0.99;
    parts.push(
      isReached ? `${meta.rateHz} Hz` : `${significant(effectiveRateHz)} Hz of ${meta.rateHz} Hz`,
    );
  }
  if (counters.durationNs !== undefined) parts.push(`in ${formatNs(counters.durationNs)}`);
  return parts.join(' · ');
}

/** What was lost, by reason; undefined when the profile's source doesn't tell. */
export function describeLosses(profile: ProfileData): string | undefined {
  const { lost } = profile.counters;
  const reasons = Object.entries(lost);
  if (reasons.length === 0) return undefined;
  const shown = reasons
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, count]) => `${formatCount(count)} ${lossWords(reason)}`);
  return shown.length === 0 ? 'nothing lost' : `lost: ${shown.join(', ')}`;
}

/** What was profiled. */
export function describeProgram(profile: ProfileData): string {
  const { nodeVersion, pid, title, filters } = profile.meta;
  const parts: string[] = [];
  if (nodeVersion !== undefined) parts.push(`Node ${nodeVersion}`);
  if (pid !== undefined) parts.push(`pid ${pid}`);
  if (title) parts.push(title);
  if (filters?.length) parts.push(`filtered: ${filters.join(', ')}`);
  return parts.join(' · ');
}

function lossWords(reason: string): string {
  return reason.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
