// How a difference is told: by colour (blue to orange, which the colour-blind tell apart), by a sign before the name, in words.

import { hslToHex, type Theme } from './palette.ts';
import { formatPercent } from './words.ts';

/** Shares of all are compared in percentage points; one step of colour each. */
const STEPS = [0.1, 0.5, 2, 5, 15] as const;

/** What a box had before and has now, in shares of all. */
export interface ShareChange {
  readonly before: number;
  readonly after: number;
}

/** The class of what may be no more than noise. */
export const UNSURE = 'du';

/** The colour's class: `d-5` (much less) to `d5` (much more), `d0` for next to no change. */
export function deltaClass(change: ShareChange, isSure = true): string {
  if (!isSure) return UNSURE;
  const points = (change.after - change.before) * 100;
  let step = 0;
  while (step < STEPS.length && Math.abs(points) >= (STEPS[step] as number)) step++;
  return `d${points < 0 && step > 0 ? -step : step}`;
}

/** What stands before a name, so that nobody needs the colours. */
export function deltaSign({ before, after }: ShareChange, isSure = true): string {
  if (before === 0 && after > 0) return 'new ';
  if (after === 0 && before > 0) return 'gone ';
  if (!isSure || Math.abs(after - before) * 100 < STEPS[0]) return '';
  return after > before ? '+ ' : '\u2212 ';
}

/** For example `12.0 % → 15.1 % (+3.10 points)`. */
export function deltaWords({ before, after }: ShareChange): string {
  const words = `${formatPercent(before, 1)} → ${formatPercent(after, 1)}`;
  if (before === 0) return `${words}, new`;
  if (after === 0) return `${words}, gone`;
  return `${words} (${formatPoints(after - before)} points)`;
}

/** A difference of shares in percentage points, with its sign. */
export function formatPoints(difference: number): string {
  const points = difference * 100;
  const digits = Math.abs(points).toFixed(Math.abs(points) < 10 ? 2 : 1);
  return Number(digits) === 0 ? '0' : `${points < 0 ? '\u2212' : '+'}${digits}`;
}

/** The classes of the legend with their words, from less to more; `isJudged`: what may be chance is grey as well. */
export function deltaLegend(
  isJudged: boolean,
): readonly { readonly name: string; readonly words: string }[] {
  return [
    ...STEPS.map((points, step) => ({
      name: `d${-step - 1}`,
      words: `\u2212${points}`,
    })).reverse(),
    { name: 'd0', words: isJudged ? 'alike, or may be chance' : 'alike' },
    ...STEPS.map((points, step) => ({ name: `d${step + 1}`, words: `+${points}` })),
  ];
}

/** Fills by class. `isSwapped` exchanges the two hues. */
export function deltaFills(theme: Theme, isSwapped = false): Map<string, string> {
  const all = new Map<string, string>();
  for (let step = -STEPS.length; step <= STEPS.length; step++) {
    const strength = Math.abs(step) / STEPS.length;
    const hue = step > 0 !== isSwapped ? 28 : 212;
    const lightness = theme === 'light' ? 92 - strength * 27 : 24 + strength * 12;
    all.set(`d${step}`, hslToHex(hue, step === 0 ? 0 : 45 + strength * 45, lightness));
  }
  all.set(UNSURE, all.get('d0') as string);
  return all;
}
