// Large profiles have far more stacks than a picture has pixels. What can't be seen needs no place in the order of what can, but
// has to be accounted for.

import type { Column } from './profile-data.ts';

/** What a call tree leaves out. */
export interface PruneOptions {
  readonly metric: 'weight' | 'samples';
  /** Nodes whose total is smaller are left out with all below them; those without any always are. */
  readonly minTotal: number;
}

/** What was left out of a call tree. */
export interface OmittedNodes<C extends Column = Column> {
  /** By node of the tree: what its omitted callees have together, and how many nodes they and those below are. */
  readonly weight: C;
  readonly samples: C;
  readonly frames: C;
  /** By label: what omitted nodes have of their own. */
  readonly selfWeightByLabel: Column;
  readonly selfSamplesByLabel: Column;
}

/** A trie as it was built: node 0 is the root, every other one was made after its parent. */
export interface Trie {
  readonly parent: Uint32Array;
  readonly label: Uint32Array;
}

/** What the nodes of a trie have of their own. */
export interface SelfValues {
  readonly weight: Float64Array;
  readonly samples: Float64Array;
}

/** The nodes that are kept, numbered anew in their order. */
export interface PrunedTrie extends Trie {
  /** By node kept. */
  readonly self: SelfValues;
  readonly total: SelfValues;
  readonly omitted: OmittedNodes<Float64Array>;
}

/** Leaves out what is too small to be seen. */
export function pruneTrie(
  { parent, label }: Trie,
  self: SelfValues,
  labelCount: number,
  { metric, minTotal }: PruneOptions,
): PrunedTrie {
  const count = parent.length;
  const total = { weight: sumUp(parent, self.weight), samples: sumUp(parent, self.samples) };
  const frames = sumUp(parent, new Float64Array(count).fill(1));
  const size = total[metric];
  const omitted = {
    weight: new Float64Array(count),
    samples: new Float64Array(count),
    frames: new Float64Array(count),
    selfWeightByLabel: new Float64Array(labelCount),
    selfSamplesByLabel: new Float64Array(labelCount),
  };
  const keptAs = new Uint32Array(count);
  const kept: number[] = [0];
  for (let node = 1; node < count; node++) {
    const up = parent[node] as number;
    const isUpKept = up === 0 || keptAs[up] !== 0;
    const width = size[node] as number;
    if (isUpKept && width > 0 && width >= minTotal) {
      keptAs[node] = kept.push(node) - 1;
      continue;
    }
    const id = label[node] as number;
    add(omitted.selfWeightByLabel, id, self.weight[node] as number);
    add(omitted.selfSamplesByLabel, id, self.samples[node] as number);
    if (!isUpKept) continue;
    add(omitted.weight, up, total.weight[node] as number);
    add(omitted.samples, up, total.samples[node] as number);
    add(omitted.frames, up, frames[node] as number);
  }
  const pick = (column: Float64Array) => Float64Array.from(kept, (node) => column[node] as number);
  return {
    parent: Uint32Array.from(kept, (node) => keptAs[parent[node] as number] as number),
    label: Uint32Array.from(kept, (node) => label[node] as number),
    self: { weight: pick(self.weight), samples: pick(self.samples) },
    total: { weight: pick(total.weight), samples: pick(total.samples) },
    omitted: {
      ...omitted,
      weight: pick(omitted.weight),
      samples: pick(omitted.samples),
      frames: pick(omitted.frames),
    },
  };
}

function sumUp(parent: Uint32Array, self: Float64Array): Float64Array {
  const total = self.slice();
  for (let node = total.length - 1; node > 0; node--) {
    add(total, parent[node] as number, total[node] as number);
  }
  return total;
}

function add(column: Float64Array, at: number, value: number): void {
  column[at] = (column[at] as number) + value;
}
