import type { CallTree, CallTreeOptions } from './call-tree.ts';
import { uint32Column } from './growable-column.ts';
import type { ProfileData } from './profile-data.ts';
import { FrameLabels, LabelTable } from './tree-labels.ts';
import { sumSubtrees } from './tree-order.ts';

/**
 * The samples of a profile one after the other, thread by thread: a node is a frame for as long as it stayed on the
 * stack. Siblings stand in the order they were called and can be equal. Nodes are made in pre-order.
 */
export function buildTimeTree(profile: ProfileData, options: CallTreeOptions = {}): CallTree {
  const labels = new LabelTable();
  const frameLabels = new FrameLabels(profile, labels, options);
  const nodes = new OpenNodes();
  const { samples, threads } = profile;
  const nodeOfSample = new Uint32Array(samples.length);
  for (const row of byThread(profile)) {
    const path = pathOf(profile, samples.stack[row] as number, frameLabels);
    const thread = threads[samples.thread[row] as number];
    if (options.threads === true && thread) path.push(frameLabels.ofThread(thread));
    nodeOfSample[row] = nodes.enter(path.reverse());
  }
  const order = nodes.finish();
  const weight = new Float64Array(order.parent.length);
  const ticks = new Float64Array(order.parent.length);
  for (let row = 0; row < samples.length; row++) {
    const node = nodeOfSample[row] as number;
    weight[node] = (weight[node] as number) + (samples.weight[row] as number);
    ticks[node] = (ticks[node] as number) + (samples.ticks[row] as number);
  }
  return {
    length: order.parent.length,
    labels: labels.list,
    ...order,
    selfWeight: weight,
    totalWeight: sumSubtrees(order, weight),
    selfSamples: ticks,
    totalSamples: sumSubtrees(order, ticks),
  };
}

/** Labels from the leaf to the root. */
function pathOf(profile: ProfileData, leaf: number, labels: FrameLabels): number[] {
  const { parent, frame } = profile.stacks;
  if (leaf === 0) return [labels.ofNothing(true)];
  const path: number[] = [];
  for (let at = leaf; at !== 0; at = parent[at] as number) {
    path.push(labels.ofFrame(frame[at] as number, parent[at] === 0));
  }
  return path;
}

/** Rows by thread, then by time; rows without times stay in their order. */
function byThread({ samples }: ProfileData): Uint32Array {
  const rows = Uint32Array.from({ length: samples.length }, (_, row) => row);
  const { thread, timeNs } = samples;
  return rows.sort(
    (a, b) =>
      (thread[a] as number) - (thread[b] as number) ||
      (timeNs[a] as number) - (timeNs[b] as number) ||
      a - b,
  );
}

/** The nodes so far, and the path of those a next sample can still go on in. */
class OpenNodes {
  readonly #parent = uint32Column();
  readonly #label = uint32Column();
  readonly #depth = uint32Column();
  /** Nodes from the root. */
  readonly #open: number[] = [];

  constructor() {
    this.#push(0, 0);
  }

  /** The node of a path of labels. */
  enter(path: readonly number[]): number {
    let level = 0;
    while (level < path.length && level + 1 < this.#open.length) {
      if (this.#label.get(this.#open[level + 1] as number) !== path[level]) break;
      level++;
    }
    this.#open.length = level + 1;
    for (; level < path.length; level++) {
      this.#push(this.#open[level] as number, path[level] as number);
    }
    return this.#open[path.length] as number;
  }

  finish() {
    const parent = this.#parent.toArray();
    const end = new Uint32Array(parent.length);
    for (let node = parent.length - 1; node >= 0; node--) {
      end[node] = Math.max(end[node] as number, node + 1);
      const up = parent[node] as number;
      end[up] = Math.max(end[up] as number, end[node] as number);
    }
    const position = end.map((_, node) => node);
    const [label, depth] = [this.#label.toArray(), this.#depth.toArray()];
    return { parent, label, depth, end, position };
  }

  #push(parent: number, label: number): void {
    const node = this.#parent.length;
    this.#parent.push(parent);
    this.#label.push(label);
    this.#depth.push(this.#open.length);
    this.#open.push(node);
  }
}
