import type { CallTree } from '../model/call-tree.ts';
import type { Column } from '../model/profile-data.ts';
import type { ShareChange } from './delta.ts';

/** What widths stand for. */
export type FlameMetric = 'weight' | 'samples';

/** The values of one tree's nodes in one metric. */
export interface TreeValues {
  readonly self: Column;
  readonly total: Column;
  /** What the callees left out have. */
  readonly omitted?: Column | undefined;
}

/** What a picture of a difference draws. */
export interface Comparison {
  /** Every node as wide as its larger side at each of its leaves, so that what has gone is still seen. */
  readonly width: TreeValues;
  readonly after: TreeValues;
  /** Scaled by {@link Comparison.scale}. */
  readonly before: TreeValues;
  /** What the base's values were multiplied with, so that both profiles are equally large. */
  readonly scale: number;
  /** What shares compared are of. */
  readonly whole: number;
  change(node: number): ShareChange;
}

/** The values of the profile itself. */
export function valuesOf(tree: CallTree, metric: FlameMetric): TreeValues {
  return metric === 'weight'
    ? { self: tree.selfWeight, total: tree.totalWeight, omitted: tree.omitted?.weight }
    : { self: tree.selfSamples, total: tree.totalSamples, omitted: tree.omitted?.samples };
}

/** Compares the two sides of a tree that has a base. */
export function compareSides(
  tree: CallTree,
  metric: FlameMetric,
  normalize: boolean,
): Comparison | undefined {
  const { base } = tree;
  if (base === undefined) return undefined;
  const after = valuesOf(tree, metric);
  const isWeight = metric === 'weight';
  const baseTotal = isWeight ? base.totalWeight : base.totalSamples;
  const baseSum = baseTotal[0] as number;
  const afterSum = after.total[0] as number;
  const scale = normalize && baseSum > 0 && afterSum > 0 ? afterSum / baseSum : 1;
  const before = {
    self: scaled(isWeight ? base.selfWeight : base.selfSamples, scale),
    total: scaled(baseTotal, scale),
  };
  // Without normalising, shares are of the new whole, so that what grew shows as more.
  const whole = afterSum > 0 ? afterSum : (before.total[0] as number);
  return {
    width: unite(tree, before, after),
    before,
    after,
    scale,
    whole,
    change: (node) => ({
      before: (before.total[node] as number) / whole,
      after: (after.total[node] as number) / whole,
    }),
  };
}

function scaled(values: Column, scale: number): Float64Array {
  // Rounded to a thousandth: what multiplying leaves behind would only be digits in files.
  return Float64Array.from(values, (value) => Math.round(value * scale * 1000) / 1000);
}

function unite(tree: CallTree, before: TreeValues, after: TreeValues): TreeValues {
  const self = new Float64Array(tree.length);
  for (let node = 0; node < tree.length; node++) {
    self[node] = Math.max(before.self[node] as number, after.self[node] as number);
  }
  const total = self.slice();
  for (let node = tree.length - 1; node > 0; node--) {
    const up = tree.parent[node] as number;
    total[up] = (total[up] as number) + (total[node] as number);
  }
  return { self, total };
}
