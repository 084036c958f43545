// What a profile's functions cost in several parts of it, so that the differences between the parts tell how far the
// whole can be trusted.

import { StackRows } from '../function-rows.ts';
import type { ProfileData } from '../profile-data.ts';

/** Costs of all functions in each of several parts of one profile, or in each of several profiles. */
export interface Replicates {
  readonly count: number;
  /** Weight of all samples, by part. */
  readonly weight: Float64Array;
  /** Own weights: those of row `r` stand at `r * count`, by part. */
  readonly self: Float64Array;
  /** Own and callees' weights, in the same order. */
  readonly total: Float64Array;
}

/** Whether the samples have times to order them by. */
export function hasTimes({ samples }: ProfileData): boolean {
  const first = samples.timeNs[0];
  for (let row = 1; row < samples.length; row++) if (samples.timeNs[row] !== first) return true;
  return false;
}

/**
 * Cuts a profile into consecutive parts of about equal weight, in the order of time over all threads, and sums its
 * functions in each.
 */
export function sumByPart(
  profile: ProfileData,
  rowOfFrame: Uint32Array,
  rowCount: number,
  count: number,
): Replicates {
  const { samples, stacks } = profile;
  const parts = emptyReplicates(count, rowCount);
  const walker = new StackRows(stacks, rowOfFrame, rowCount);
  const byStack = new Float64Array(stacks.length);
  let touched: number[] = [];
  let part = 0;
  const finishPart = () => {
    for (const stack of touched) {
      const weight = byStack[stack] as number;
      byStack[stack] = 0;
      add(parts.self, walker.leaf(stack) * count + part, weight);
      walker.forEachOnce(stack, (row) => add(parts.total, row * count + part, weight));
    }
    touched = [];
  };
  const whole = totalWeight(profile);
  let sum = 0;
  for (const row of timeOrder(profile)) {
    const weight = samples.weight[row] as number;
    const stack = samples.stack[row] as number;
    // The middle of a sample decides, so that one heavy sample can't shift all later borders.
    const wanted = Math.min(count - 1, Math.floor(((sum + weight / 2) / whole) * count));
    if (wanted > part) {
      finishPart();
      part = wanted;
    }
    sum += weight;
    add(parts.weight, part, weight);
    if (byStack[stack] === 0) touched.push(stack);
    add(byStack, stack, weight);
  }
  finishPart();
  return parts;
}

/** Profiles summed one by one, put side by side. */
export function joinReplicates(list: readonly Replicates[]): Replicates {
  const count = list.length;
  const rowCount = (list[0]?.self.length ?? 0) / (list[0]?.count ?? 1);
  const joined = emptyReplicates(count, rowCount);
  list.forEach((single, part) => {
    joined.weight[part] = sumOf(single.weight);
    for (let row = 0; row < rowCount; row++) {
      const [from, to] = [row * single.count, (row + 1) * single.count];
      joined.self[row * count + part] = sumOf(single.self.subarray(from, to));
      joined.total[row * count + part] = sumOf(single.total.subarray(from, to));
    }
  });
  return joined;
}

/** The weight of all samples. */
export function totalWeight({ samples }: ProfileData): number {
  let weight = 0;
  for (let row = 0; row < samples.length; row++) weight += samples.weight[row] as number;
  return weight;
}

/** Adds up numbers. */
export function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function emptyReplicates(count: number, rowCount: number): Replicates {
  return {
    count,
    weight: new Float64Array(count),
    self: new Float64Array(count * rowCount),
    total: new Float64Array(count * rowCount),
  };
}

function add(values: Float64Array, at: number, amount: number): void {
  values[at] = (values[at] as number) + amount;
}

function timeOrder({ samples }: ProfileData): Uint32Array {
  const { timeNs } = samples;
  const order = Uint32Array.from({ length: samples.length }, (_, row) => row);
  return order.sort((a, b) => (timeNs[a] as number) - (timeNs[b] as number) || a - b);
}
