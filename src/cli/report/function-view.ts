import { type FunctionTotals, functionLabel, type Profile } from '../../profile.ts';
import type { Block, TableColumn } from '../terminal/document.ts';
import { Amounts } from './amounts.ts';
import type { ReportSettings } from './settings.ts';

const COLUMNS: readonly TableColumn[] = [
  { title: 'self %', align: 'right' },
  { title: 'self', align: 'right', dropOrder: 2 },
  { title: 'samples', align: 'right', dropOrder: 3 },
  { title: 'total %', align: 'right', dropOrder: 1 },
  { title: 'total', align: 'right', dropOrder: 4 },
  { title: 'samples', align: 'right', dropOrder: 5 },
  { title: 'function', align: 'left', isCode: true },
];

/** The functions to list. */
export function listFunctions(profile: Profile, settings: ReportSettings): FunctionTotals[] {
  const { sort, names, match } = settings;
  return profile.functions({ ...names, sort, match });
}

/** The table of functions. */
export function functionBlocks(profile: Profile, settings: ReportSettings): Block[] {
  const amounts = new Amounts(profile.meta.unit, profile.totals.weight);
  const all = listFunctions(profile, settings);
  const rows = all.slice(0, settings.limit).map((row) => ({
    cells: [
      amounts.percent(row.selfWeight),
      amounts.weight(row.selfWeight),
      String(row.selfSamples),
      amounts.percent(row.totalWeight),
      amounts.weight(row.totalWeight),
      String(row.totalSamples),
      functionLabel(row),
    ],
  }));
  return [
    { kind: 'table', columns: COLUMNS, rows },
    ...moreBlock(all.length - rows.length, 'functions'),
  ];
}

/** Says how many rows are left out, if any. */
export function moreBlock(count: number, what: string): Block[] {
  return count > 0 ? [{ kind: 'words', text: `${count} more ${what} (--limit)` }] : [];
}
