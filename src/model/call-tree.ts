import {
  type FrameCategory,
  type FrameLabel,
  type FrameNameOptions,
  FrameNamer,
  PROGRAM_FRAME,
} from './frame-names.ts';
import { PairIndex } from './pair-index.ts';
import type { Column, ProfileData } from './profile-data.ts';
import { compareBytes } from './text.ts';

/** How stacks are folded into a tree. */
export interface CallTreeOptions extends FrameNameOptions {
  /** Root every stack with a frame for its thread. @default false */
  readonly threads?: boolean | undefined;
  /** Rewrites frames before they are told apart, so that what reads alike is one. */
  readonly rewrite?: ((text: string, isRoot: boolean) => string) | undefined;
}

/**
 * All stacks of a profile merged from the root: callers above, callees below, equal frames of one caller are one node.
 * Nodes stand in pre-order, siblings by the bytes of their labels, so the tree is the same however samples were ordered,
 * and every walk over it is a loop. Node 0 is the root of all and has no label.
 */
export interface CallTree {
  readonly length: number;
  readonly labels: readonly FrameLabel[];
  readonly parent: Column;
  readonly label: Column;
  /** 0 for the root. */
  readonly depth: Column;
  /** One past the last node of the subtree. */
  readonly end: Column;
  readonly selfWeight: Column;
  readonly totalWeight: Column;
  readonly selfSamples: Column;
  readonly totalSamples: Column;
}

/** Folds the samples of a profile into a call tree. */
export function buildCallTree(profile: ProfileData, options: CallTreeOptions = {}): CallTree {
  const labels = new LabelTable(profile, options);
  const trie = new PairIndex();
  const self = foldSamples(profile, options.threads === true, labels, trie);
  return orderTree(labels, trie, self.weight, self.samples);
}

class LabelTable {
  readonly list: FrameLabel[] = [{ text: '', category: 'special' }];
  readonly #ids = new Map<string, number>();
  readonly #ofFrame: Int32Array;
  readonly #ofRootFrame: Int32Array;
  readonly #namer: FrameNamer;
  readonly #rewrite: (text: string, isRoot: boolean) => string;

  constructor(profile: ProfileData, options: CallTreeOptions) {
    this.#namer = new FrameNamer(profile, options);
    this.#rewrite = options.rewrite ?? ((text) => text);
    this.#ofFrame = new Int32Array(profile.frames.length);
    this.#ofRootFrame = options.rewrite ? new Int32Array(profile.frames.length) : this.#ofFrame;
  }

  ofFrame(frame: number, isRoot: boolean): number {
    const cache = isRoot ? this.#ofRootFrame : this.#ofFrame;
    const known = cache[frame] as number;
    if (known !== 0) return known;
    const { text, category } = this.#namer.frameLabel(frame);
    const id = this.intern(text, category, isRoot);
    cache[frame] = id;
    return id;
  }

  ofThread(thread: ProfileData['threads'][number]): number {
    const { text, category } = this.#namer.threadLabel(thread);
    return this.intern(text, category, true);
  }

  intern(rawText: string, category: FrameCategory, isRoot: boolean): number {
    const text = this.#rewrite(rawText, isRoot);
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.list.push({ text, category }) - 1;
    this.#ids.set(text, id);
    return id;
  }
}

interface SelfValues {
  readonly weight: Float64Array;
  readonly samples: Float64Array;
}

/** Puts every stack with samples into the trie (node = pair id + 1) and sums the samples by node. */
function foldSamples(
  profile: ProfileData,
  byThread: boolean,
  labels: LabelTable,
  trie: PairIndex,
): SelfValues {
  const { samples, stacks, threads } = profile;
  const groups = byThread ? groupByThread(profile) : [allRows(samples.length)];
  const nodeOf = new Int32Array(stacks.length);
  const epochOf = new Uint32Array(stacks.length);
  const nodeOfSample = new Uint32Array(samples.length);
  const chain: number[] = [];
  groups.forEach((rows, group) => {
    if (rows.length === 0) return;
    const thread = byThread ? threads[group] : undefined;
    const base = thread ? trie.intern(0, labels.ofThread(thread)) + 1 : 0;
    const epoch = group + 1;
    for (const row of rows) {
      let stack = samples.stack[row] as number;
      if (stack === 0) {
        const label = labels.intern(PROGRAM_FRAME, 'special', base === 0);
        nodeOfSample[row] = trie.intern(base, label) + 1;
        continue;
      }
      const leaf = stack;
      while (stack !== 0 && epochOf[stack] !== epoch) {
        chain.push(stack);
        stack = stacks.parent[stack] as number;
      }
      let node = stack === 0 ? base : (nodeOf[stack] as number);
      for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
        const label = labels.ofFrame(stacks.frame[next] as number, node === 0);
        node = trie.intern(node, label) + 1;
        nodeOf[next] = node;
        epochOf[next] = epoch;
      }
      nodeOfSample[row] = nodeOf[leaf] as number;
    }
  });
  return sumByNode(profile, nodeOfSample, trie.size + 1);
}

function sumByNode(profile: ProfileData, nodeOfSample: Uint32Array, count: number): SelfValues {
  const { samples } = profile;
  const weight = new Float64Array(count);
  const ticks = new Float64Array(count);
  for (let row = 0; row < samples.length; row++) {
    const node = nodeOfSample[row] as number;
    weight[node] = (weight[node] as number) + (samples.weight[row] as number);
    ticks[node] = (ticks[node] as number) + (samples.ticks[row] as number);
  }
  return { weight, samples: ticks };
}

function allRows(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, row) => row);
}

function groupByThread(profile: ProfileData): number[][] {
  const groups: number[][] = profile.threads.map(() => []);
  for (let row = 0; row < profile.samples.length; row++) {
    groups[profile.samples.thread[row] as number]?.push(row);
  }
  return groups;
}

function orderTree(
  labels: LabelTable,
  trie: PairIndex,
  selfWeight: Float64Array,
  selfSamples: Float64Array,
): CallTree {
  const count = trie.size + 1;
  const parent = new Uint32Array(count);
  const label = new Uint32Array(count);
  parent.set(trie.firsts(), 1);
  label.set(trie.seconds(), 1);
  const totalWeight = selfWeight.slice();
  const totalSamples = selfSamples.slice();
  const size = new Uint32Array(count).fill(1);
  // A node is made after its parent, so going down the ids meets children first.
  for (let node = count - 1; node > 0; node--) {
    const up = parent[node] as number;
    totalWeight[up] = (totalWeight[up] as number) + (totalWeight[node] as number);
    totalSamples[up] = (totalSamples[up] as number) + (totalSamples[node] as number);
    size[up] = (size[up] as number) + (size[node] as number);
  }
  const position = preOrderPositions(parent, size, rankNodes(labels.list, label));
  const place = <T extends Uint32Array | Float64Array>(from: ArrayLike<number>, into: T): T => {
    for (let node = 0; node < count; node++) into[position[node] as number] = from[node] as number;
    return into;
  };
  const orderedParent = place(
    parent.map((up) => position[up] as number),
    new Uint32Array(count),
  );
  const end = place(size, new Uint32Array(count));
  const depth = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    end[at] = (end[at] as number) + at;
    if (at > 0) depth[at] = (depth[orderedParent[at] as number] as number) + 1;
  }
  return {
    length: count,
    labels: labels.list,
    parent: orderedParent,
    label: place(label, new Uint32Array(count)),
    depth,
    end,
    selfWeight: place(selfWeight, new Float64Array(count)),
    totalWeight: place(totalWeight, new Float64Array(count)),
    selfSamples: place(selfSamples, new Float64Array(count)),
    totalSamples: place(totalSamples, new Float64Array(count)),
  };
}

/** All nodes but the root, by the bytes of their labels. */
function rankNodes(labels: readonly FrameLabel[], labelOfNode: Uint32Array): Uint32Array {
  const order = labels.map((_, id) => id);
  order.sort((a, b) =>
    compareBytes((labels[a] as FrameLabel).text, (labels[b] as FrameLabel).text),
  );
  const rank = new Uint32Array(labels.length);
  order.forEach((id, at) => {
    rank[id] = at;
  });
  const keys = labelOfNode.map((label) => rank[label] as number);
  return countingSort(keys, labels.length, allRows(labelOfNode.length)).filter((node) => node > 0);
}

function preOrderPositions(
  parent: Uint32Array,
  size: Uint32Array,
  ranked: Uint32Array,
): Uint32Array {
  const count = parent.length;
  const byParent = countingSort(parent, count, ranked);
  const position = new Uint32Array(count);
  // Sorted by parent id, and a parent's id is smaller than its children's: parents are placed before their children.
  let cursor = 0;
  let previousParent = -1;
  for (const node of byParent) {
    const up = parent[node] as number;
    if (up !== previousParent) cursor = (position[up] as number) + 1;
    previousParent = up;
    position[node] = cursor;
    cursor += size[node] as number;
  }
  return position;
}

/** `items` in the order of their keys; equal keys keep their order. */
function countingSort(keys: Uint32Array, keyCount: number, items: Uint32Array): Uint32Array {
  const starts = new Uint32Array(keyCount + 1);
  for (const item of items) {
    const slot = (keys[item] as number) + 1;
    starts[slot] = (starts[slot] as number) + 1;
  }
  for (let key = 0; key < keyCount; key++) {
    starts[key + 1] = (starts[key + 1] as number) + (starts[key] as number);
  }
  const sorted = new Uint32Array(items.length);
  for (const item of items) {
    const key = keys[item] as number;
    const at = starts[key] as number;
    starts[key] = at + 1;
    sorted[at] = item;
  }
  return sorted;
}
