import { TOP_COLUMNS, type TopColumn, type TopHeader, type TopRow } from './top-model.ts';

/** How the table is shown now. */
export interface TopView {
  readonly sort: TopColumn;
  readonly byLine: boolean;
  readonly isHelpShown: boolean;
}

/** Size of the terminal. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Up to this width there is no room for all columns. */
const NARROW_COLUMNS = 50;
const HEADER_LINES = 5;

const HELP = [
  'Keys:',
  '  1   sort by %Own: time in the function itself, last interval',
  '  2   sort by %Total: with what it called, last interval',
  '  3   sort by OwnTime: since the start or reset',
  '  4   sort by TotalTime: since the start or reset',
  '  L   lines or functions',
  '  R   reset the sums',
  '  ?   this help, on and off',
  '  q   quit (Ctrl-C too)',
  '',
  'Percent are of elapsed time: one thread that runs all the time is 100 %.',
];

/** The lines of the screen, none longer or more than fit. `bold` marks the line of titles. */
export function drawTop(
  header: TopHeader,
  rows: readonly TopRow[],
  view: TopView,
  size: ScreenSize,
  bold: (line: string) => string = (line) => line,
): string[] {
  const cut = (line: string) => printable(line).slice(0, Math.max(1, size.columns));
  const lines = headerLines(header).map(cut);
  if (view.isHelpShown) lines.push(...HELP.map(cut));
  else {
    const isNarrow = size.columns <= NARROW_COLUMNS;
    lines.push(bold(cut(titles(view, isNarrow)).padEnd(size.columns)));
    const room = Math.max(0, size.rows - HEADER_LINES);
    for (const row of rows.slice(0, room)) lines.push(cut(formatRow(row, isNarrow)));
  }
  return lines.slice(0, Math.max(1, size.rows));
}

function headerLines(header: TopHeader): string[] {
  const { pid, title, nodeVersion, threads, processes, samples, lost } = header;
  const others = processes > 1 ? `, ${processes} processes` : '';
  return [
    `${title} (pid ${pid}${others}${nodeVersion === '' ? '' : `, Node ${nodeVersion}`})`,
    `CPU ${percent(header.cpuShare)}  GC ${percent(header.gcShare)} of it  ` +
      `event loop busy ${percent(header.busyShare)}  threads ${threads}`,
    `samples ${samples}  lost ${lost}  (100% = one thread all the time; ? for help)`,
    '',
  ];
}

function titles({ sort, byLine }: TopView, isNarrow: boolean): string {
  const names = ['%Own', '%Total', 'OwnTime', 'TotalTime'];
  const marked = names.map((name, at) => (TOP_COLUMNS[at] === sort ? `*${name}` : name));
  const [own = '', total = '', ownTime = '', totalTime = ''] = marked;
  const what = byLine ? 'Line' : 'Function';
  const shares = `${own.padStart(7)} ${total.padStart(8)}`;
  return isNarrow
    ? `${shares}  ${what}`
    : `${shares} ${ownTime.padStart(9)} ${totalTime.padStart(10)}  ${what} (file:line)`;
}

function formatRow(row: TopRow, isNarrow: boolean): string {
  const shares = `${percent(row.ownShare).padStart(7)} ${percent(row.totalShare).padStart(8)}`;
  return isNarrow
    ? `${shares}  ${row.label}`
    : `${shares} ${seconds(row.ownSeconds).padStart(9)} ${seconds(row.totalSeconds).padStart(10)}  ${row.label}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function seconds(value: number): string {
  return `${value.toFixed(2)}s`;
}

/** Names come from the process: none may move the cursor or change colours. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
