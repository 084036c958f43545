import { type CallEdge, type CallNeighbors, functionLabel, type Profile } from '../../profile.ts';
import type { Block, TableColumn } from '../terminal/document.ts';
import { Amounts, countOf } from './amounts.ts';
import { moreBlock } from './function-view.ts';
import type { ReportSettings } from './settings.ts';

/** A pattern may match hundreds. */
const NAMED_FUNCTIONS = 5;

/** Who calls a function, or whom it calls. */
export function callBlocks(
  profile: Profile,
  settings: ReportSettings,
  kind: 'callers' | 'callees',
  target: string,
): Block[] {
  const calls = profile.calls(target, settings.names);
  if (calls.functions.length === 0) {
    return [{ kind: 'words', text: `no function in any sample matches '${target}'` }];
  }
  const all = profile.totals.weight;
  const whole = new Amounts(profile.meta.unit, all);
  const part = new Amounts(profile.meta.unit, calls.totalWeight);
  const columns: TableColumn[] = [
    { title: 'share %', align: 'right' },
    { title: 'time', align: 'right', dropOrder: 1 },
    { title: 'samples', align: 'right', dropOrder: 2 },
    { title: kind === 'callers' ? 'caller' : 'callee', align: 'left', isCode: true },
  ];
  if (profile.meta.unit === 'count') columns[1] = { title: 'count', align: 'right', dropOrder: 1 };
  const edges = edgesOf(calls, kind);
  const rows = edges.slice(0, settings.limit).map(({ weight, samples, label }) => ({
    cells: [part.percent(weight), part.weight(weight), String(samples), label],
  }));
  const { totalWeight, selfWeight, totalSamples } = calls;
  return [
    { kind: 'heading', text: `${kind} of ${nameAll(calls)}` },
    {
      kind: 'words',
      text: `${whole.weight(totalWeight)} in total (${whole.percent(totalWeight)} % of all), ${whole.weight(selfWeight)} of its own, ${countOf(totalSamples, 'sample')}`,
    },
    { kind: 'table', columns, rows },
    ...moreBlock(edges.length - rows.length, kind),
  ];
}

function nameAll({ functions }: CallNeighbors): string {
  const names = functions.slice(0, NAMED_FUNCTIONS).map(functionLabel);
  const more = functions.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

type Row = Pick<CallEdge, 'weight' | 'samples'> & { readonly label: string };

/** With the remainder, so that rows add up to the whole. */
function edgesOf(calls: CallNeighbors, kind: 'callers' | 'callees'): Row[] {
  const rest =
    kind === 'callers'
      ? {
          weight: calls.rootWeight,
          samples: calls.rootSamples,
          label: '(nothing known: it is the root)',
        }
      : { weight: calls.selfWeight, samples: calls.selfSamples, label: '(itself)' };
  const rows = calls[kind].map((edge): Row => ({ ...edge, label: functionLabel(edge) }));
  if (rest.weight > 0 || rest.samples > 0) rows.push(rest);
  return rows.sort((a, b) => b.weight - a.weight);
}
