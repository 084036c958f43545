import { finishTable, float64Column, uint32Column } from './growable-column.ts';
import type { SampleTable } from './profile-data.ts';

/** The samples whose rows pass. */
export function selectSamples(samples: SampleTable, keeps: (row: number) => boolean): SampleTable {
  const kept = {
    timeNs: float64Column(),
    weight: float64Column(),
    thread: uint32Column(),
    stack: uint32Column(),
    ticks: uint32Column(),
    flags: uint32Column(),
  };
  for (let row = 0; row < samples.length; row++) {
    if (!keeps(row)) continue;
    kept.timeNs.push(samples.timeNs[row] as number);
    kept.weight.push(samples.weight[row] as number);
    kept.thread.push(samples.thread[row] as number);
    kept.stack.push(samples.stack[row] as number);
    kept.ticks.push(samples.ticks[row] as number);
    kept.flags.push(samples.flags[row] as number);
  }
  return finishTable(kept);
}
