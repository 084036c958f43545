import type { Profile } from '../../profile.ts';
import { listFunctions } from './function-view.ts';
import { listLines } from './line-view.ts';
import { listPaths } from './path-view.ts';
import type { ReportSettings } from './settings.ts';

/** The report for machines; docs/json.md describes it. */
export function reportJson(profile: Profile, settings: ReportSettings): object {
  const { meta, counters, totals, warnings } = profile;
  const { title, mode, unit, nodeVersion, effectiveRateHz, startTimeMs, filters = [] } = meta;
  const { durationNs, cpuNs, lost } = counters;
  const isSplit = settings.byThread && settings.view.kind !== 'paths';
  const body = isSplit
    ? {
        threads: profile.byThread().map(({ thread, profile: part }) => ({
          thread,
          totals: part.totals,
          ...viewJson(part, settings),
        })),
      }
    : viewJson(profile, settings);
  return {
    format: 'sigprof-report',
    version: 1,
    profile: {
      title: title ?? null,
      mode,
      nodeVersion: nodeVersion ?? null,
      rateHz: effectiveRateHz ?? null,
      startTimeMs: startTimeMs ?? null,
      durationNs: durationNs ?? null,
      cpuNs: cpuNs ?? null,
      filters,
    },
    unit,
    totals,
    lost,
    warnings,
    ...body,
  };
}

function viewJson(profile: Profile, settings: ReportSettings): object {
  const { view, limit } = settings;
  switch (view.kind) {
    case 'functions':
      return { functions: listFunctions(profile, settings).slice(0, limit) };
    case 'lines':
      return {
        lines: listLines(profile, settings).lines.map((line) => ({
          ...line,
          source: line.source ?? null,
        })),
      };
    case 'paths':
      return { paths: listPaths(profile, settings) };
    default: {
      const calls = profile.calls(view.target, settings.names);
      return { calls: { ...calls, [view.kind]: calls[view.kind].slice(0, limit) } };
    }
  }
}
