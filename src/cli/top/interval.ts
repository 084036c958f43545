import { readdirSync } from 'node:fs';
import { type ProfileData, SampleFlag, type SampleTable } from '../../model/profile-data.ts';

/** Rows of a table of samples. */
function pickRows(samples: SampleTable, keep: (row: number) => boolean): SampleTable {
  const rows: number[] = [];
  for (let row = 0; row < samples.length; row++) if (keep(row)) rows.push(row);
  const pick = (column: ArrayLike<number>) => rows.map((row) => column[row] as number);
  return {
    length: rows.length,
    timeNs: pick(samples.timeNs),
    weight: pick(samples.weight),
    thread: pick(samples.thread),
    stack: pick(samples.stack),
    ticks: pick(samples.ticks),
    flags: pick(samples.flags),
  };
}

/** The profile without samples of threads asleep. */
export function onCpuOnly(data: ProfileData): ProfileData {
  const { flags } = data.samples;
  const keep = (row: number) => ((flags[row] as number) & SampleFlag.asleep) === 0;
  return { ...data, samples: pickRows(data.samples, keep) };
}

/** Weight of the samples of one kind of thread that have all flags of `set` and none of `clear`. */
export function weightOf(
  data: ProfileData,
  filter: { readonly set?: number; readonly clear?: number; readonly mainOnly?: boolean },
): number {
  const { samples, threads } = data;
  const { set = 0, clear = 0, mainOnly = false } = filter;
  let sum = 0;
  for (let row = 0; row < samples.length; row++) {
    const flags = samples.flags[row] as number;
    if ((flags & set) !== set || (flags & clear) !== 0) continue;
    if (mainOnly && threads[samples.thread[row] as number]?.kind !== 'main') continue;
    sum += samples.weight[row] as number;
  }
  return sum;
}

/** How many threads a process has; 0 when it is gone. */
export function countThreads(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}
