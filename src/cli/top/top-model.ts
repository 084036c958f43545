import { type FunctionTotals, sumByFunction } from '../../model/function-totals.ts';
import { type ProfileData, SampleFlag } from '../../model/profile-data.ts';
import { countThreads, onCpuOnly, weightOf } from './interval.ts';

/** One line of the table. Shares are of the elapsed time: one thread all the time is 1. */
export interface TopRow {
  readonly label: string;
  /** In the last interval. */
  readonly ownShare: number;
  readonly totalShare: number;
  /** Since the start, or the last reset. */
  readonly ownSeconds: number;
  readonly totalSeconds: number;
}

/** What stands above the table. */
export interface TopHeader {
  readonly title: string;
  readonly pid: number;
  readonly nodeVersion: string;
  readonly cpuShare: number;
  /** Of the time on a CPU. */
  readonly gcShare: number;
  /** Of the elapsed time of main threads: not waiting in the event loop. */
  readonly busyShare: number;
  readonly threads: number;
  readonly processes: number;
  readonly samples: number;
  readonly lost: number;
}

/** Columns of the table, in order. */
export const TOP_COLUMNS = ['ownShare', 'totalShare', 'ownSeconds', 'totalSeconds'] as const;
export type TopColumn = (typeof TOP_COLUMNS)[number];

/** Rows kept; the cheapest go when there are more. */
const MAX_ROWS = 20_000;

interface Row {
  own: number;
  total: number;
  ownNs: number;
  totalNs: number;
}

/** What `top` has seen: the last interval, and sums since the last reset. */
export class TopModel {
  readonly #fullFilenames: boolean;
  // By function and by line: switching between the two loses nothing.
  readonly #rows = { functions: new Map<string, Row>(), lines: new Map<string, Row>() };
  #intervalNs = 1;
  #header: TopHeader;

  constructor(title: string, pid: number, fullFilenames: boolean) {
    this.#fullFilenames = fullFilenames;
    this.#header = {
      title,
      pid,
      nodeVersion: '',
      cpuShare: 0,
      gcShare: 0,
      busyShare: 0,
      threads: 0,
      processes: 1,
      samples: 0,
      lost: 0,
    };
  }

  get header(): TopHeader {
    return this.#header;
  }

  reset(): void {
    this.#rows.functions.clear();
    this.#rows.lines.clear();
    this.#header = { ...this.#header, samples: 0, lost: 0 };
  }

  /** Takes in an interval, one profile a process; the first is of the process asked for. */
  add(intervals: readonly ProfileData[]): void {
    const [first] = intervals;
    if (first === undefined) return;
    for (const rows of Object.values(this.#rows)) {
      for (const row of rows.values()) row.own = row.total = 0;
    }
    this.#intervalNs = Math.max(1, first.counters.durationNs ?? 0);
    for (const data of intervals) this.#addProcess(onCpuOnly(data));
    this.#header = this.#summarize(first, intervals);
  }

  /** The table, the most expensive by `sort` first. */
  rows(sort: TopColumn, byLine: boolean): TopRow[] {
    const rows = byLine ? this.#rows.lines : this.#rows.functions;
    return [...rows]
      .map(([label, row]) => ({
        label,
        ownShare: row.own / this.#intervalNs,
        totalShare: row.total / this.#intervalNs,
        ownSeconds: row.ownNs / 1e9,
        totalSeconds: row.totalNs / 1e9,
      }))
      .sort((a, b) => b[sort] - a[sort] || b.ownSeconds - a.ownSeconds || compare(a, b));
  }

  #addProcess(data: ProfileData): void {
    const names = { fullFilenames: this.#fullFilenames };
    addTotals(this.#rows.functions, sumByFunction(data, names));
    addTotals(this.#rows.lines, sumByFunction(data, { ...names, lines: true }));
  }

  #summarize(first: ProfileData, intervals: readonly ProfileData[]): TopHeader {
    const sum = (value: (data: ProfileData) => number) =>
      intervals.reduce((total, data) => total + value(data), 0);
    const onCpuNs = sum((data) => weightOf(data, { clear: SampleFlag.asleep }));
    const gcNs = sum((data) => weightOf(data, { set: SampleFlag.garbageCollection }));
    const busyNs = weightOf(first, { clear: SampleFlag.idle, mainOnly: true });
    const { lost } = this.#header;
    return {
      ...this.#header,
      nodeVersion: first.meta.nodeVersion ?? '',
      cpuShare: sum((data) => data.counters.cpuNs ?? 0) / this.#intervalNs,
      gcShare: onCpuNs > 0 ? gcNs / onCpuNs : 0,
      busyShare: Math.min(1, busyNs / this.#intervalNs),
      threads: sum((data) => countThreads(data.meta.pid ?? 0)),
      processes: intervals.length,
      samples: this.#header.samples + sum((data) => data.samples.length),
      lost: lost + sum(lostSamples),
    };
  }
}

function addTotals(rows: Map<string, Row>, totals: readonly FunctionTotals[]): void {
  for (const { name, path, line, selfWeight, totalWeight } of totals) {
    const label = path === '' ? name : line > 0 ? `${name} (${path}:${line})` : `${name} (${path})`;
    let row = rows.get(label);
    if (row === undefined) {
      row = { own: 0, total: 0, ownNs: 0, totalNs: 0 };
      rows.set(label, row);
    }
    row.own += selfWeight;
    row.total += totalWeight;
    row.ownNs += selfWeight;
    row.totalNs += totalWeight;
  }
  if (rows.size <= MAX_ROWS) return;
  const cheapest = [...rows].sort(([, a], [, b]) => a.totalNs - b.totalNs);
  for (const [label] of cheapest.slice(0, rows.size - MAX_ROWS / 2)) rows.delete(label);
}

function lostSamples({ counters }: ProfileData): number {
  const { unusableStacks = 0, unseenInJs = 0 } = counters.lost;
  return unusableStacks + unseenInJs;
}

function compare(a: TopRow, b: TopRow): number {
  return a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
}
