import type { Change, ProfileDiff } from '../../profile.ts';
import type { Verdict } from './verdict.ts';

/** The comparison for machines; docs/json.md describes it. */
export function diffJson(diff: ProfileDiff, verdict: Verdict | undefined, limit?: number): object {
  const { functions, whole, ...rest } = diff;
  return {
    format: 'sigprof-diff',
    version: 1,
    ...rest,
    base: { ...rest.base, durationNs: rest.base.durationNs ?? null },
    new: { ...rest.new, durationNs: rest.new.durationNs ?? null },
    whole: whole === undefined ? null : changeJson(whole),
    functions: functions.slice(0, limit).map(({ self, total, ...row }) => ({
      ...row,
      self: changeJson(self),
      total: changeJson(total),
    })),
    verdict: verdict === undefined ? null : { ...verdict, change: changeJson(verdict.change) },
  };
}

function changeJson({
  relative = null,
  margin = null,
  pValue = null,
  ...change
}: Nullable<Change>): object {
  return { ...change, relative, margin, pValue };
}

type Nullable<T> = { readonly [K in keyof T]: T[K] | null };
