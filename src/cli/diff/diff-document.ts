import { type Change, type FunctionDiff, functionLabel, type ProfileDiff } from '../../profile.ts';
import { countOf, formatCount } from '../report/amounts.ts';
import { moreBlock } from '../report/function-view.ts';
import type { Block, Document, TableColumn, TableRow } from '../terminal/document.ts';
import { formatRelative, formatValue } from './values.ts';
import type { Verdict } from './verdict.ts';

/** What a comparison is shown with. */
export interface DiffDocumentOptions {
  /** What the sides are called, as their file names. */
  readonly names: { readonly base: string; readonly new: string };
  readonly sort: 'self' | 'total';
  readonly limit: number | undefined;
  readonly verdict: Verdict | undefined;
}

/** A comparison, for people. */
export function diffDocument(diff: ProfileDiff, options: DiffDocumentOptions): Document {
  const { names, verdict, limit } = options;
  const rows = diff.functions.slice(0, limit);
  const certain = diff.functions.filter(({ self, total }) => self.significant || total.significant);
  const blocks: Block[] = [
    { kind: 'heading', text: `${names.base} → ${names.new}` },
    { kind: 'words', text: describeSides(diff) },
    { kind: 'words', text: describeFindings(diff, certain.length) },
    {
      kind: 'table',
      columns: columnsOf(options.sort),
      rows: rows.map((row) => rowOf(diff, row, options.sort)),
    },
    ...moreBlock(diff.functions.length - rows.length, 'functions'),
    ...diff.notes.map((note): Block => ({ kind: 'words', text: `note: ${note}` })),
  ];
  return verdict === undefined ? blocks : [...blocks, { kind: 'words', text: verdict.text }];
}

function columnsOf(sort: 'self' | 'total'): TableColumn[] {
  const other = sort === 'total' ? 'self' : 'total';
  return [
    { title: `${sort}: base`, align: 'right', dropOrder: 3 },
    { title: 'new', align: 'right', dropOrder: 1 },
    { title: 'change', align: 'right' },
    { title: '±', align: 'right', dropOrder: 2 },
    { title: '%', align: 'right', dropOrder: 4 },
    { title: `${other}: change`, align: 'right', dropOrder: 5 },
    { title: 'finding', align: 'left' },
    { title: 'function', align: 'left', isCode: true },
  ];
}

function rowOf(diff: ProfileDiff, row: FunctionDiff, sort: 'self' | 'total'): TableRow {
  const shown = row[sort];
  const other = row[sort === 'total' ? 'self' : 'total'];
  const certain = [shown, other].find(({ significant }) => significant);
  return {
    cells: [
      formatValue(diff, shown.base),
      formatValue(diff, shown.new),
      signed(diff, shown.delta),
      shown.margin === undefined ? '' : formatValue(diff, shown.margin, 'points'),
      row.status === 'both' ? formatRelative(shown.relative) : '',
      signed(diff, other.delta),
      findingOf(row, shown, certain),
      functionLabel(row),
    ],
    tone: certain === undefined ? 'plain' : certain.delta > 0 ? 'worse' : 'better',
  };
}

/** One word; a question mark where it may be chance. */
function findingOf(row: FunctionDiff, shown: Change, certain: Change | undefined): string {
  if (row.status !== 'both') return certain === undefined ? `${row.status}?` : row.status;
  if (certain !== undefined) return certain.delta > 0 ? 'more' : 'less';
  return shown.pValue === undefined ? 'cannot tell' : '';
}

function signed(diff: ProfileDiff, delta: number): string {
  const text = formatValue(diff, Math.abs(delta), 'points');
  if (!/[1-9]/.test(text)) return text;
  return `${delta < 0 ? '−' : '+'}${text}`;
}

const WHAT: Readonly<Record<ProfileDiff['normalize'], string>> = {
  share: 'shares of each profile',
  second: 'CPU time in each second recorded',
  recording: 'time of a recording, taken to do the same work on both sides',
};

function describeSides(diff: ProfileDiff): string {
  const side = ({ recordings, samples }: ProfileDiff['base']) =>
    `${countOf(samples, 'sample')}${recordings > 1 ? ` in ${recordings} recordings` : ''}`;
  const { whole } = diff;
  const total =
    whole === undefined || diff.normalize === 'share'
      ? ''
      : `; all: ${formatValue(diff, whole.base)} → ${formatValue(diff, whole.new)}, ${formatRelative(whole.relative)}`;
  return `${WHAT[diff.normalize]}; base: ${side(diff.base)}, new: ${side(diff.new)}${total}`;
}

function describeFindings({ confidence, functions }: ProfileDiff, certain: number): string {
  const percent = formatCount(Math.round(1000 * confidence) / 10);
  if (certain === 0) {
    return `no function of ${functions.length} changed by more than chance may do (confidence ${percent} %)`;
  }
  return `${countOf(certain, 'function')} of ${functions.length} changed by more than chance does (confidence ${percent} %)`;
}
