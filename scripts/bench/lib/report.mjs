// Results as text: a table for the terminal, and the tables of docs/benchmarks.md between markers.
// A result is { name, title, unit, shows, columns, figures: [{ label, unit?, values, goal? }], notes },
// values being subject -> { median, low, high, count }.

/** 1234.5 -> "1235", 0.012345 -> "0.0123": three significant digits and no exponent. */
export function formatNumber(value) {
  if (value === 0) return '0';
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(digits);
}

/** "0.31 (0.29–0.4)"; the range is left out where there is one value only. */
export function formatValue(value) {
  if (value === undefined) return '–';
  const { median, low, high, count } = value;
  if (count === 1) return formatNumber(median);
  return `${formatNumber(median)} (${formatNumber(low)}–${formatNumber(high)})`;
}

/** Whether the figure's median of our own is within its goal; undefined without a goal. */
export function meetsGoal({ values, goal }) {
  if (goal === undefined || values.sigprof === undefined) return undefined;
  const { median } = values.sigprof;
  return goal.below !== undefined ? median < goal.below : median > goal.above;
}

function formatGoal({ goal }) {
  if (goal === undefined) return '';
  return goal.below !== undefined ? `< ${goal.below}` : `> ${goal.above}`;
}

function tableOf(result) {
  const header = [`${result.unit}`, ...result.columns, 'goal'];
  const rows = result.figures.map((figure) => {
    const label = figure.unit === undefined ? figure.label : `${figure.label} (${figure.unit})`;
    const missed = meetsGoal(figure) === false ? ' missed' : '';
    const cells = result.columns.map((column) => formatValue(figure.values[column]));
    return [label, ...cells, formatGoal(figure) + missed];
  });
  return [header, ...rows];
}

/** A result as text for a terminal. */
export function toText(result) {
  const table = tableOf(result);
  const widths = table[0].map((_, i) => Math.max(...table.map((cells) => cells[i].length)));
  const lines = table.map((cells) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  '),
  );
  return [`${result.name}: ${result.title}`, ...lines, ...result.notes].join('\n');
}

function toMarkdown(result) {
  const [header, ...rows] = tableOf(result);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = line(header.map((_, i) => (i === 0 ? '---' : '---:')));
  return [result.shows, '', line(header), rule, ...rows.map(line), ...note(result.notes)].join(
    '\n',
  );
}

const note = (notes) => (notes.length === 0 ? [] : ['', notes.join(' ')]);

/**
 * `text` with the section of each result replaced between its markers; a row without markers yet
 * gets a section at the end.
 */
export function replaceSections(text, sections) {
  let replaced = text;
  for (const { name, title, body } of sections) {
    const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
    const start = replaced.indexOf(open);
    const end = replaced.indexOf(close);
    const section = `${open}\n${body}\n${close}`;
    if (start >= 0 && end > start) {
      replaced = replaced.slice(0, start) + section + replaced.slice(end + close.length);
    } else {
      replaced = `${replaced.trimEnd()}\n\n## ${title}\n\n${section}\n`;
    }
  }
  return replaced;
}

/** The sections of docs/benchmarks.md for results and the machine they were measured on. */
export function markdownSections(results) {
  const rows = results.map((result) => ({
    name: result.name,
    title: result.title,
    body: toMarkdown(result),
  }));
  const machines = new Map();
  for (const { name, machine } of results) {
    machines.set(machine, [...(machines.get(machine) ?? []), name]);
  }
  const lines = [...machines].map(([machine, names]) => `- ${machine} (${names.join(', ')})`);
  return [{ name: 'machine', title: 'Where', body: lines.join('\n') }, ...rows];
}
