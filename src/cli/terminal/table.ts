/** A column of a text table. */
export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Lays out rows as text, columns two blanks apart; no trailing blanks. */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, at) =>
    lines.reduce((width, line) => Math.max(width, line[at]?.length ?? 0), 0),
  );
  return lines
    .map((line) => {
      const cells = columns.map(({ align }, at) => {
        const [cell = '', width = 0] = [line[at], widths[at]];
        return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}
