import type { FrameLabel, FrameNameOptions } from './frame-names.ts';
import { PairIndex } from './pair-index.ts';
import type { Column, ProfileData } from './profile-data.ts';
import { FrameLabels, LabelTable, type Rewrite, rankLabels } from './tree-labels.ts';
import { inOrder, orderTree, sumSubtrees, type TreeOrder } from './tree-order.ts';

/** How stacks are folded into a tree. */
export interface CallTreeOptions extends FrameNameOptions {
  /** Root every stack with a frame for its thread. @default false */
  readonly threads?: boolean | undefined;
  /** Rewrites frames before they are told apart, so that what reads alike is one. */
  readonly rewrite?: Rewrite | undefined;
  /** Fold stacks from the leaf: callers below what they call. @default false */
  readonly reverse?: boolean | undefined;
  /** Another profile whose stacks are put into the same tree, to compare with. */
  readonly base?: ProfileData | undefined;
}

/** What the nodes of a call tree weigh in one profile. */
export interface NodeValues {
  readonly selfWeight: Column;
  readonly totalWeight: Column;
  readonly selfSamples: Column;
  readonly totalSamples: Column;
}

/**
 * All stacks of a profile merged from the root: callers above, callees below, equal frames of one caller are one node.
 * Nodes stand in pre-order, siblings by the bytes of their labels, so the tree is the same however samples were ordered,
 * and every walk over it is a loop. Node 0 is the root of all and has no label.
 */
export interface CallTree extends NodeValues {
  readonly length: number;
  readonly labels: readonly FrameLabel[];
  readonly parent: Column;
  readonly label: Column;
  /** 0 for the root. */
  readonly depth: Column;
  /** One past the last node of the subtree. */
  readonly end: Column;
  /** The values of the profile compared with. Nodes that occur in one profile only weigh nothing in the other. */
  readonly base?: NodeValues;
}

/** Folds the samples of a profile into a call tree. */
export function buildCallTree(profile: ProfileData, options: CallTreeOptions = {}): CallTree {
  const labels = new LabelTable(options.rewrite);
  const direct = isPlain(options) ? orderStacks(profile, labels, options) : undefined;
  if (direct) return direct;
  const trie = new PairIndex();
  const fold = (data: ProfileData) => {
    const frameLabels = new FrameLabels(data, labels, options);
    return options.reverse === true
      ? foldReversed(data, frameLabels, trie)
      : foldSamples(data, options.threads === true, frameLabels, trie);
  };
  const nodeOfSample = fold(profile);
  const nodeOfBaseSample = options.base && fold(options.base);
  const order = orderTree(
    prependZero(trie.firsts()),
    prependZero(trie.seconds()),
    rankLabels(labels.list),
  );
  return {
    length: order.parent.length,
    labels: labels.list,
    parent: order.parent,
    label: inOrder(order, prependZero(trie.seconds())),
    depth: order.depth,
    end: order.end,
    ...sumByNode(profile, nodeOfSample, order),
    ...(options.base && nodeOfBaseSample
      ? { base: sumByNode(options.base, nodeOfBaseSample, order) }
      : {}),
  };
}

function isPlain({ rewrite, threads, reverse, base }: CallTreeOptions): boolean {
  return !rewrite && threads !== true && reverse !== true && !base;
}

/**
 * The tree of a profile whose stacks are one already: no frames read alike, every stack has samples. That is so for large
 * files of folded stacks, where it saves interning all of them once more.
 */
function orderStacks(
  profile: ProfileData,
  labels: LabelTable,
  options: CallTreeOptions,
): CallTree | undefined {
  const { stacks, samples, frames } = profile;
  if (stacks.isTrie !== true || samples.length < stacks.length / 4) return undefined;
  const frameLabels = new FrameLabels(profile, labels, options);
  const labelOfFrame = new Uint32Array(frames.length);
  for (let frame = 0; frame < frames.length; frame++) {
    labelOfFrame[frame] = frameLabels.ofFrame(frame, false);
  }
  if (labels.list.length !== frames.length + 1) return undefined;
  const label = new Uint32Array(stacks.length);
  for (let stack = 1; stack < stacks.length; stack++) {
    label[stack] = labelOfFrame[stacks.frame[stack] as number] as number;
  }
  const order = orderTree(Uint32Array.from(stacks.parent), label, rankLabels(labels.list));
  const values = sumByNode(profile, samples.stack, order);
  for (let node = 1; node < stacks.length; node++) {
    if (values.totalSamples[node] === 0 && values.totalWeight[node] === 0) return undefined;
  }
  if (values.selfSamples[0] !== 0 || values.selfWeight[0] !== 0) return undefined;
  return {
    length: order.parent.length,
    labels: labels.list,
    parent: order.parent,
    label: inOrder(order, label),
    depth: order.depth,
    end: order.end,
    ...values,
  };
}

/** Puts every stack with samples into the trie (node = pair id + 1); the nodes of the samples. */
function foldSamples(
  profile: ProfileData,
  byThread: boolean,
  labels: FrameLabels,
  trie: PairIndex,
): Uint32Array {
  const { samples, stacks, threads } = profile;
  const groups = byThread ? groupByThread(profile) : [allRows(samples.length)];
  const nodeOf = new Uint32Array(stacks.length);
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
        nodeOfSample[row] = trie.intern(base, labels.ofNothing(base === 0)) + 1;
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
  return nodeOfSample;
}

/** As {@link foldSamples}, with the leaf next to the root. Threads have no place in it. */
function foldReversed(profile: ProfileData, labels: FrameLabels, trie: PairIndex): Uint32Array {
  const { samples, stacks } = profile;
  const nodeOf = new Uint32Array(stacks.length);
  const nodeOfSample = new Uint32Array(samples.length);
  for (let row = 0; row < samples.length; row++) {
    const leaf = samples.stack[row] as number;
    if (nodeOf[leaf] === 0) {
      let node = leaf === 0 ? trie.intern(0, labels.ofNothing(true)) + 1 : 0;
      for (let at = leaf; at !== 0; at = stacks.parent[at] as number) {
        node = trie.intern(node, labels.ofFrame(stacks.frame[at] as number, node === 0)) + 1;
      }
      nodeOf[leaf] = node;
    }
    nodeOfSample[row] = nodeOf[leaf] as number;
  }
  return nodeOfSample;
}

function sumByNode(profile: ProfileData, nodeOfSample: Column, order: TreeOrder): NodeValues {
  const { samples } = profile;
  const weight = new Float64Array(order.parent.length);
  const ticks = new Float64Array(order.parent.length);
  for (let row = 0; row < samples.length; row++) {
    const node = order.position[nodeOfSample[row] as number] as number;
    weight[node] = (weight[node] as number) + (samples.weight[row] as number);
    ticks[node] = (ticks[node] as number) + (samples.ticks[row] as number);
  }
  return {
    selfWeight: weight,
    totalWeight: sumSubtrees(order, weight),
    selfSamples: ticks,
    totalSamples: sumSubtrees(order, ticks),
  };
}

function allRows(count: number): Uint32Array {
  const rows = new Uint32Array(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}

function groupByThread(profile: ProfileData): number[][] {
  const groups: number[][] = profile.threads.map(() => []);
  for (let row = 0; row < profile.samples.length; row++) {
    groups[profile.samples.thread[row] as number]?.push(row);
  }
  return groups;
}

function prependZero(values: Uint32Array): Uint32Array {
  const result = new Uint32Array(values.length + 1);
  result.set(values, 1);
  return result;
}
