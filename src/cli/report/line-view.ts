import type { LineTotals, Profile } from '../../profile.ts';
import type { Block, TableColumn } from '../terminal/document.ts';
import { Amounts } from './amounts.ts';
import { moreBlock } from './function-view.ts';
import type { ReportSettings } from './settings.ts';
import { SourceText } from './source-text.ts';

const COLUMNS: readonly TableColumn[] = [
  { title: 'hits', align: 'right', dropOrder: 2 },
  { title: 'self', align: 'right', dropOrder: 3 },
  { title: 'self %', align: 'right' },
  { title: 'total %', align: 'right', dropOrder: 1 },
  { title: 'function', align: 'left', isCode: true, dropOrder: 4 },
  { title: 'line', align: 'left', isCode: true },
  { title: 'source', align: 'left', isCode: true },
];

/** A line with its text, where it could be read. */
export interface SourceLine extends LineTotals {
  readonly source: string | undefined;
}

/** The lines to list, and the files whose text may not be what was running. */
export function listLines(
  profile: Profile,
  settings: ReportSettings,
): { lines: SourceLine[]; count: number; changed: readonly string[] } {
  const { sort, names, match, limit } = settings;
  const { cwd, startTimeMs } = profile.meta;
  const sources = new SourceText((script) => profile.sourceText(script), cwd, startTimeMs);
  const all = profile.lines({ fullFilenames: names.fullFilenames, sort, match });
  const lines = all
    .slice(0, limit)
    .map((row) => ({ ...row, source: sources.line(row.script, row.line) }));
  return { lines, count: all.length, changed: sources.changed };
}

/** The table of source lines. */
export function lineBlocks(profile: Profile, settings: ReportSettings): Block[] {
  const amounts = new Amounts(profile.meta.unit, profile.totals.weight);
  const { lines, count, changed } = listLines(profile, settings);
  const rows = lines.map((row) => ({
    cells: [
      String(row.selfSamples),
      amounts.weight(row.selfWeight),
      amounts.percent(row.selfWeight),
      amounts.percent(row.totalWeight),
      row.name,
      `${row.path}:${row.line}`,
      row.source ?? '',
    ],
  }));
  const words = changed.map(
    (path): Block => ({
      kind: 'words',
      text: `${path} changed after the recording: the text beside its lines may be of others`,
    }),
  );
  return [
    { kind: 'table', columns: COLUMNS, rows },
    ...moreBlock(count - rows.length, 'lines'),
    ...words,
  ];
}
