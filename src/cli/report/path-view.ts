import type { HotPath, Profile } from '../../profile.ts';
import type { Block } from '../terminal/document.ts';
import { Amounts, countOf } from './amounts.ts';
import type { ReportSettings } from './settings.ts';

const DEFAULT_LIMIT = 10;

/** The paths to list. */
export function listPaths(profile: Profile, settings: ReportSettings): HotPath[] {
  const { names, byThread, limit = DEFAULT_LIMIT } = settings;
  return profile.hotPaths({ ...names, threads: byThread, limit });
}

/** The hottest paths, each with its frames from the root on. */
export function pathBlocks(profile: Profile, settings: ReportSettings): Block[] {
  const amounts = new Amounts(profile.meta.unit, profile.totals.weight);
  return listPaths(profile, settings).flatMap(({ frames, weight, samples }): Block[] => [
    {
      kind: 'heading',
      text: `${amounts.percent(weight)} %  ${amounts.weight(weight)}  ${countOf(samples, 'sample')}`,
    },
    { kind: 'code', lines: frames.map(({ text }, depth) => indent(depth) + text) },
  ]);
}

/** Deep stacks would leave a terminal at its right side. */
function indent(depth: number): string {
  return ' '.repeat(Math.min(depth, 20) + 2);
}
