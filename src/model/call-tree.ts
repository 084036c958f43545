import type { FrameLabel, FrameNameOptions } from './frame-names.ts';
import { PairIndex } from './pair-index.ts';
import type { Column, ProfileData } from './profile-data.ts';
import { FrameLabels, LabelTable, type Rewrite, rankLabels } from './tree-labels.ts';
import { inOrder, orderTree, sumSubtrees, type TreeOrder } from './tree-order.ts';
import {
  type OmittedNodes,
  type PrunedTrie,
  type PruneOptions,
  pruneTrie,
  type SelfValues,
  type Trie,
} from './tree-pruning.ts';

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
  /** Leave out what is too small to be seen; not with a base. */
  readonly prune?: PruneOptions | undefined;
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
  /** What was left out, if asked for; totals are with it. */
  readonly omitted?: OmittedNodes;
}

/** Folds the samples of a profile into a call tree. */
export function buildCallTree(profile: ProfileData, options: CallTreeOptions = {}): CallTree {
  const labels = new LabelTable(options.rewrite);
  const direct = isPlain(options) ? foldDirectly(profile, labels, options) : undefined;
  if (direct) return makeTree(labels.list, direct, options.prune);
  const pairs = new PairIndex();
  const fold = (data: ProfileData) => {
    const frameLabels = new FrameLabels(data, labels, options);
    return options.reverse === true
      ? foldReversed(data, frameLabels, pairs)
      : foldSamples(data, options.threads === true, frameLabels, pairs);
  };
  const nodeOfSample = fold(profile);
  const nodeOfBaseSample = options.base && fold(options.base);
  const trie = { parent: prependZero(pairs.firsts()), label: prependZero(pairs.seconds()) };
  const self = sumSelf(profile, nodeOfSample, trie.parent.length);
  if (options.base === undefined || nodeOfBaseSample === undefined) {
    return makeTree(labels.list, { ...trie, self }, options.prune);
  }
  const baseSelf = sumSelf(options.base, nodeOfBaseSample, trie.parent.length);
  return makeTree(labels.list, { ...trie, self, baseSelf });
}

/** A trie and what its nodes have of their own. */
interface FoldedTrie extends Trie {
  readonly self: SelfValues;
  readonly baseSelf?: SelfValues;
}

function makeTree(
  labels: readonly FrameLabel[],
  trie: FoldedTrie,
  prune: PruneOptions | undefined = undefined,
): CallTree {
  const pruned = prune && pruneTrie(trie, trie.self, labels.length, prune);
  const { parent, label, self } = pruned ?? trie;
  const order = orderTree(parent, label, rankLabels(labels));
  return {
    length: order.parent.length,
    labels,
    parent: order.parent,
    label: inOrder(order, label),
    depth: order.depth,
    end: order.end,
    ...orderValues(order, self),
    ...(trie.baseSelf ? { base: orderValues(order, trie.baseSelf) } : {}),
    ...(pruned ? orderPruned(order, pruned) : {}),
  };
}

function orderValues(order: TreeOrder, { weight, samples }: SelfValues): NodeValues {
  const [selfWeight, selfSamples] = [inOrder(order, weight), inOrder(order, samples)];
  return {
    selfWeight,
    totalWeight: sumSubtrees(order, selfWeight),
    selfSamples,
    totalSamples: sumSubtrees(order, selfSamples),
  };
}

/** Totals of a pruned tree: what was left out belongs to them. */
function orderPruned(order: TreeOrder, { total, omitted }: PrunedTrie): Partial<CallTree> {
  return {
    totalWeight: inOrder(order, total.weight),
    totalSamples: inOrder(order, total.samples),
    omitted: {
      ...omitted,
      weight: inOrder(order, omitted.weight),
      samples: inOrder(order, omitted.samples),
      frames: inOrder(order, omitted.frames),
    },
  };
}

function isPlain({ rewrite, threads, reverse, base }: CallTreeOptions): boolean {
  return !rewrite && threads !== true && reverse !== true && !base;
}

/**
 * The trie of a profile whose stacks are one already: no frames read alike, every stack has samples. That is so for large
 * files of folded stacks, where it saves interning all of them once more.
 */
function foldDirectly(
  profile: ProfileData,
  labels: LabelTable,
  options: CallTreeOptions,
): FoldedTrie | undefined {
  const { stacks, samples, frames } = profile;
  if (stacks.isTrie !== true || samples.length < stacks.length / 4) return undefined;
  const frameLabels = new FrameLabels(profile, labels, options);
  const labelOfFrame = new Uint32Array(frames.length);
  for (let frame = 0; frame < frames.length; frame++) {
    labelOfFrame[frame] = frameLabels.ofFrame(frame, false);
  }
  if (labels.list.length !== frames.length + 1) return undefined;
  const parent = new Uint32Array(stacks.length);
  const label = new Uint32Array(stacks.length);
  for (let stack = 1; stack < stacks.length; stack++) {
    parent[stack] = stacks.parent[stack] as number;
    label[stack] = labelOfFrame[stacks.frame[stack] as number] as number;
  }
  const self = sumSelf(profile, samples.stack, stacks.length);
  if (self.samples[0] !== 0 || self.weight[0] !== 0) return undefined;
  return isEachUsed(parent, self) ? { parent, label, self } : undefined;
}

/** Whether every node but the root has samples, or one below it has. */
function isEachUsed(parent: Uint32Array, { weight, samples }: SelfValues): boolean {
  const isUsed = new Uint8Array(parent.length);
  for (let node = parent.length - 1; node > 0; node--) {
    if (isUsed[node] === 0 && weight[node] === 0 && samples[node] === 0) return false;
    isUsed[parent[node] as number] = 1;
  }
  return true;
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

/** What each node has of its own, by node as it was made. */
function sumSelf(profile: ProfileData, nodeOfSample: Column, nodes: number): SelfValues {
  const { samples } = profile;
  const weight = new Float64Array(nodes);
  const ticks = new Float64Array(nodes);
  for (let row = 0; row < samples.length; row++) {
    const node = nodeOfSample[row] as number;
    weight[node] = (weight[node] as number) + (samples.weight[row] as number);
    ticks[node] = (ticks[node] as number) + (samples.ticks[row] as number);
  }
  return { weight, samples: ticks };
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
