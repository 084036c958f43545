import type { Profile } from '../../profile.ts';
import { lossLine } from '../summary.ts';
import type { Block, Document } from '../terminal/document.ts';
import { Amounts, countOf, describeProfile } from './amounts.ts';
import { callBlocks } from './call-view.ts';
import { functionBlocks } from './function-view.ts';
import { lineBlocks } from './line-view.ts';
import { pathBlocks } from './path-view.ts';
import type { ReportSettings } from './settings.ts';

/** The whole report, for people. */
export function reportDocument(profile: Profile, settings: ReportSettings): Document {
  const loss = lossLine(profile);
  const facts = [describeProfile(profile), ...(loss === undefined ? [] : [loss])].join('; ');
  const head: Block[] = [
    { kind: 'heading', text: profile.meta.title || settings.title },
    { kind: 'words', text: facts },
  ];
  if (profile.totals.weight === 0 && profile.totals.samples === 0) {
    return [...head, { kind: 'words', text: 'there are no samples' }];
  }
  return [...head, ...sections(profile, settings)];
}

function sections(profile: Profile, settings: ReportSettings): Block[] {
  // Paths name their thread themselves.
  if (!settings.byThread || settings.view.kind === 'paths') return viewBlocks(profile, settings);
  const amounts = new Amounts(profile.meta.unit, profile.totals.weight);
  return profile.byThread().flatMap(({ thread, profile: part }): Block[] => {
    const { weight, samples } = part.totals;
    const cost = `${amounts.weight(weight)} (${amounts.percent(weight)} % of all), ${countOf(samples, 'sample')}`;
    const name = `thread (${thread.tid}): ${thread.name || thread.kind}`;
    return [{ kind: 'heading', text: `${name}: ${cost}` }, ...viewBlocks(part, settings)];
  });
}

function viewBlocks(profile: Profile, settings: ReportSettings): Block[] {
  const { view } = settings;
  switch (view.kind) {
    case 'functions':
      return functionBlocks(profile, settings);
    case 'lines':
      return lineBlocks(profile, settings);
    case 'paths':
      return pathBlocks(profile, settings);
    default:
      return callBlocks(profile, settings, view.kind, view.target);
  }
}
