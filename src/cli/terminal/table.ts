import type { RowTone, TableColumn, TableRow } from './document.ts';
import { fitText, plainText, textWidth } from './plain-text.ts';

export type { TableColumn } from './document.ts';

/** How a table is laid out. */
export interface TableLayout {
  /** Columns of the terminal; the last column of the table is cut to fit, others are left out. @default no limit */
  readonly width?: number | undefined;
  /** Colours a finished line. @default none */
  readonly paint?: ((line: string, tone: RowTone | 'title') => string) | undefined;
}

const GAP = 2;
/** The last column is never cut below this; rather other columns go. */
const READABLE_COLUMNS = 24;

/** Lays out rows as text, columns two blanks apart; no trailing blanks. */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly TableRow[],
  { width = Number.POSITIVE_INFINITY, paint = (line) => line }: TableLayout = {},
): string {
  const titles: TableRow = { cells: columns.map(({ title }) => title) };
  const lines = [titles, ...rows].map(({ cells }) => cells.map(plainText));
  const widths = columns.map((_, at) =>
    lines.reduce((widest, cells) => Math.max(widest, textWidth(cells[at] ?? '')), 0),
  );
  const kept = chooseColumns(columns, widths, width);
  const last = kept.at(-1) as number;
  const before = kept.reduce((sum, at) => (at === last ? sum : sum + (widths[at] ?? 0) + GAP), 0);
  const lastWidth = Math.max(1, Math.min(widths[last] ?? 0, width - before));
  const formatLine = (cells: readonly string[]) =>
    kept
      .map((at) => {
        const isLast = at === last;
        const cell = isLast ? fitText(cells[at] ?? '', lastWidth) : (cells[at] ?? '');
        const fill = ' '.repeat(
          Math.max(0, (isLast ? lastWidth : (widths[at] ?? 0)) - textWidth(cell)),
        );
        return columns[at]?.align === 'right' ? fill + cell : cell + fill;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return lines
    .map((cells, at) => {
      const tone = at === 0 ? 'title' : (rows[at - 1]?.tone ?? 'plain');
      return `${paint(formatLine(cells), tone)}\n`;
    })
    .join('');
}

/** The columns that leave the last one room to be read. */
function chooseColumns(
  columns: readonly TableColumn[],
  widths: readonly number[],
  width: number,
): number[] {
  let kept = columns.map((_, at) => at);
  const droppable = kept
    .filter((at) => columns[at]?.dropOrder !== undefined)
    .sort((a, b) => (columns[b]?.dropOrder ?? 0) - (columns[a]?.dropOrder ?? 0));
  const needed = () =>
    kept.reduce((sum, at, index) => {
      const full = widths[at] ?? 0;
      const isLast = index === kept.length - 1;
      return sum + (isLast ? Math.min(full, READABLE_COLUMNS) : full + GAP);
    }, 0);
  for (const at of droppable) {
    if (needed() <= width) break;
    kept = kept.filter((other) => other !== at);
  }
  return kept;
}
