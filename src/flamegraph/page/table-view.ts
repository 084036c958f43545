import { deltaWords, formatPoints } from '../delta.ts';
import { formatCount, formatPercent, formatValue } from '../words.ts';
import type { Drawing } from './describe.ts';
import { button, element } from './dom.ts';
import { type Graph, Values } from './graph.ts';

const FIRST_ROWS = 100;
const MORE_ROWS = 400;

type Sums = Pick<Graph, 'self' | 'total'>;

interface Column {
  readonly head: string;
  /** What rows are sorted by; none: by name. */
  readonly value?: (sums: Sums, label: number) => number;
  readonly words: (sums: Sums, label: number, drawing: Drawing) => string;
}

/** Own and total cost by function, sortable. */
export class FunctionTable {
  readonly element: HTMLElement = element('div', {
    class: 'scroll',
    tabindex: '0',
    role: 'region',
    'aria-label': 'functions',
  });
  readonly #pick: (label: number) => void;
  #sorted = 0;
  #isDescending = true;
  #limit = FIRST_ROWS;
  #drawing: Drawing | undefined;
  #sums: Sums = { self: [], total: [] };
  #hits: Uint8Array | undefined;

  constructor(pick: (label: number) => void) {
    this.#pick = pick;
  }

  /** Shows the functions of a drawing; those that match, if there are `hits`. */
  show(drawing: Drawing, sums: Sums, hits: Uint8Array | undefined): void {
    if (drawing !== this.#drawing && drawing.settings.isComparison) this.#sorted = 3;
    this.#drawing = drawing;
    this.#sums = sums;
    this.#hits = hits;
    this.#limit = FIRST_ROWS;
    this.#render();
  }

  #render(): void {
    const drawing = this.#drawing;
    if (!drawing) return;
    const columns = drawing.settings.isComparison ? COMPARED : PLAIN;
    const labels = this.#labels(columns[this.#sorted]);
    const heads = columns.map((column, at) => this.#head(column, at));
    const rows = labels.slice(0, this.#limit).map((label) => {
      const cells = columns.map(({ words }) =>
        element('td', {}, [words(this.#sums, label, drawing)]),
      );
      const name = drawing.names[label] as string;
      const title = 'callers and callees of this function';
      cells.push(element('td', {}, [button(name, { title }, () => this.#pick(label))]));
      return element('tr', {}, cells);
    });
    const table = element('table', {}, [
      element('thead', {}, [
        element('tr', {}, [
          ...heads,
          this.#head({ head: 'function', words: () => '' }, columns.length),
        ]),
      ]),
      element('tbody', {}, rows),
    ]);
    const left = labels.length - rows.length;
    const more = button(`${formatCount(left)} more`, {}, () => {
      this.#limit += MORE_ROWS;
      this.#render();
    });
    this.element.replaceChildren(table, ...(left > 0 ? [more] : []));
  }

  #head(column: Column, at: number): HTMLElement {
    const isSorted = at === this.#sorted;
    const sort = isSorted ? (this.#isDescending ? 'descending' : 'ascending') : 'none';
    const arrow = isSorted ? (this.#isDescending ? ' ▼' : ' ▲') : '';
    const head = button(column.head + arrow, {}, () => {
      this.#isDescending = isSorted ? !this.#isDescending : column.value !== undefined;
      this.#sorted = at;
      this.#render();
      this.element.querySelectorAll<HTMLElement>('th button')[at]?.focus();
    });
    return element('th', { scope: 'col', 'aria-sort': sort }, [head]);
  }

  #labels(column: Column | undefined): number[] {
    const { names } = this.#drawing as Drawing;
    const present = this.#sums.total[Values.width] ?? new Float64Array(0);
    const labels: number[] = [];
    for (let label = 1; label < names.length; label++) {
      if ((present[label] ?? 0) > 0 && (!this.#hits || this.#hits[label] === 1)) labels.push(label);
    }
    const byName = (a: number, b: number) => ((names[a] as string) < (names[b] as string) ? -1 : 1);
    const value = column?.value;
    const sign = this.#isDescending ? -1 : 1;
    if (!value) return labels.sort((a, b) => sign * byName(a, b));
    return labels.sort(
      (a, b) => sign * (value(this.#sums, a) - value(this.#sums, b)) || byName(a, b),
    );
  }
}

const at = (sums: Sums, kind: 'self' | 'total', column: number, label: number) =>
  sums[kind][column]?.[label] ?? 0;
const width = (kind: 'self' | 'total') => (sums: Sums, label: number) =>
  at(sums, kind, Values.width, label);
const amount =
  (kind: 'self' | 'total') =>
  (sums: Sums, label: number, { settings }: Drawing) =>
    formatValue(width(kind)(sums, label), settings);
const share =
  (kind: 'self' | 'total') =>
  (sums: Sums, label: number, { settings }: Drawing) =>
    formatPercent(width(kind)(sums, label), settings.whole);

const PLAIN: readonly Column[] = [
  { head: 'self', value: width('self'), words: amount('self') },
  { head: 'self %', value: width('self'), words: share('self') },
  { head: 'total', value: width('total'), words: amount('total') },
  { head: 'total %', value: width('total'), words: share('total') },
];

const side = (kind: 'self' | 'total', column: number) => (sums: Sums, label: number) =>
  at(sums, kind, column, label);
const change = (kind: 'self' | 'total') => (sums: Sums, label: number) =>
  at(sums, kind, Values.after, label) - at(sums, kind, Values.before, label);

const COMPARED: readonly Column[] = [
  {
    head: 'before → after',
    value: side('total', Values.after),
    words: (sums, label, { settings }) =>
      deltaWords({
        before: at(sums, 'total', Values.before, label) / settings.compared,
        after: at(sums, 'total', Values.after, label) / settings.compared,
      }),
  },
  {
    head: 'self change',
    value: change('self'),
    words: (sums, label, { settings }) =>
      formatPoints(change('self')(sums, label) / settings.compared),
  },
  {
    head: 'total change',
    value: change('total'),
    words: (sums, label, { settings }) =>
      formatPoints(change('total')(sums, label) / settings.compared),
  },
  {
    head: 'size of change',
    value: (sums, label) => Math.abs(change('total')(sums, label)),
    words: (sums, label, { settings }) =>
      formatPoints(Math.abs(change('total')(sums, label)) / settings.compared).replace('+', ''),
  },
];
