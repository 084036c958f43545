import type { ProfileDiff } from '../../profile.ts';
import { formatCount } from '../report/amounts.ts';

/** A value of a comparison, with its unit. */
export function formatValue(
  { unit }: Pick<ProfileDiff, 'unit'>,
  value: number,
  kind: 'value' | 'points' = 'value',
): string {
  switch (unit) {
    case 'fraction':
      // The difference of two percentages is no percentage.
      return `${(100 * value).toFixed(2)} ${kind === 'points' ? 'pp' : '%'}`;
    case 'nanoseconds':
      return `${(value / 1e6).toFixed(1)} ms`;
    case 'nanoseconds/second':
      return `${(value / 1e6).toFixed(1)} ms/s`;
    case 'count/second':
      return `${value.toFixed(1)} /s`;
    default:
      return formatCount(value);
  }
}

/** A relative change, with its sign. */
export function formatRelative(relative: number | undefined): string {
  if (relative === undefined) return '';
  return `${relative < 0 ? '−' : '+'}${Math.abs(100 * relative).toFixed(1)} %`;
}
