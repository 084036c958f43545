import { type Change, functionLabel, type ProfileDiff } from '../../profile.ts';
import { formatRelative, formatValue } from './values.ts';

/** Whether the new side is slower than is allowed. */
export interface Verdict {
  readonly isSlower: boolean;
  /** In percent of the base. */
  readonly allowedPercent: number;
  /** What was compared: everything, or one of the functions asked about. */
  readonly subject: string;
  readonly change: Change;
  /** One sentence. */
  readonly text: string;
}

/**
 * Judges the whole, or each of the functions the comparison was limited to: slower is what became larger by more than the
 * percentage and by more than chance does. A function that is new counts as slower by any percentage.
 */
export function judge(
  diff: ProfileDiff,
  allowedPercent: number,
  byFunction: boolean,
): Verdict | undefined {
  const subjects = byFunction
    ? diff.functions.map((row) => ({ subject: functionLabel(row), change: row.total }))
    : diff.whole === undefined
      ? []
      : [{ subject: 'everything', change: diff.whole }];
  const isAbove = ({ delta, relative = Number.POSITIVE_INFINITY }: Change) =>
    delta > 0 && 100 * relative > allowedPercent;
  const slower = subjects.filter(({ change }) => isAbove(change) && change.significant);
  const unsure = subjects.filter(({ change }) => isAbove(change) && !change.significant);
  const [worst] = [slower, unsure, subjects]
    .map((list) => byIncrease(list)[0])
    .filter((first) => first !== undefined);
  if (worst === undefined) return undefined;
  const { subject, change } = worst;
  const isSlower = slower.length > 0;
  return {
    isSlower,
    allowedPercent,
    subject,
    change,
    text: sentence(diff, worst, allowedPercent, isSlower),
  };
}

function byIncrease<T extends { change: Change }>(list: readonly T[]): T[] {
  const increase = ({ relative = Number.POSITIVE_INFINITY }: Change) => relative;
  return [...list].sort((a, b) => increase(b.change) - increase(a.change) || 0);
}

function sentence(
  diff: ProfileDiff,
  { subject, change }: { subject: string; change: Change },
  allowedPercent: number,
  isSlower: boolean,
): string {
  const { base, relative, margin, pValue } = change;
  const values = `${formatValue(diff, base)} → ${formatValue(diff, change.new)}`;
  const range =
    margin === undefined || base === 0 ? '' : ` ± ${((100 * margin) / base).toFixed(1)} %`;
  const facts = `${subject}: ${values}, ${relative === undefined ? 'new' : formatRelative(relative)}${range}`;
  if (isSlower) return `slower by more than ${allowedPercent} %: ${facts}`;
  const isAbove = relative === undefined || 100 * relative > allowedPercent;
  if (!isAbove) return `not slower by more than ${allowedPercent} %: ${facts}`;
  const why = pValue === undefined ? 'too little is recorded to tell' : 'chance may do as much';
  return `not shown to be slower by more than ${allowedPercent} %, ${why}: ${facts}`;
}
