import type { CallTree } from '../model/call-tree.ts';

/** What widths stand for. */
export type FlameMetric = 'weight' | 'samples';

/** One box of a flame graph; where it stands horizontally is in units of the metric. */
export interface FlameBox {
  readonly start: number;
  readonly width: number;
  /** 0 for the box of everything. */
  readonly depth: number;
  /** Row of the call tree; for narrow frames drawn as one box, their caller's row. */
  readonly node: number;
  /** Samples the box stands for, whatever widths are. */
  readonly samples: number;
  /** 0 for a frame; otherwise how many frames this box stands for. */
  readonly prunedFrames: number;
}

/** A laid out flame graph. */
export interface FlameLayout {
  /** In pre-order, so that the boxes before one with smaller depth contain its callers. */
  readonly boxes: readonly FlameBox[];
  readonly total: number;
  /** The largest depth among the boxes. */
  readonly depth: number;
  readonly prunedFrames: number;
}

/**
 * Lays out a call tree. Frames narrower than `minShare` of the whole are not dropped: those of one caller are drawn
 * together as one box behind its wider callees, so that every caller's width is still accounted for.
 */
export function layOutFlames(tree: CallTree, metric: FlameMetric, minShare: number): FlameLayout {
  const widths = metric === 'weight' ? tree.totalWeight : tree.totalSamples;
  const total = widths[0] as number;
  const minWidth = total * minShare;
  const starts = new Float64Array(tree.length);
  const boxes: FlameBox[] = [];
  let depth = 0;
  let allPruned = 0;
  let node = 0;
  while (node < tree.length) {
    const width = widths[node] as number;
    const end = tree.end[node] as number;
    if (node > 0 && isNarrow(width, minWidth)) {
      node = end;
      continue;
    }
    const start = starts[node] as number;
    const nodeDepth = tree.depth[node] as number;
    depth = Math.max(depth, nodeDepth);
    const samples = tree.totalSamples[node] as number;
    boxes.push({ start, width, depth: nodeDepth, node, samples, prunedFrames: 0 });
    let cursor = start;
    let narrowWidth = 0;
    let narrowFrames = 0;
    let narrowSamples = 0;
    for (let child = node + 1; child < end; child = tree.end[child] as number) {
      const childWidth = widths[child] as number;
      if (isNarrow(childWidth, minWidth)) {
        narrowWidth += childWidth;
        narrowSamples += tree.totalSamples[child] as number;
        narrowFrames += (tree.end[child] as number) - child;
      } else {
        starts[child] = cursor;
        cursor += childWidth;
      }
    }
    if (narrowWidth > 0) {
      depth = Math.max(depth, nodeDepth + 1);
      allPruned += narrowFrames;
      boxes.push({
        start: cursor,
        width: narrowWidth,
        depth: nodeDepth + 1,
        node,
        samples: narrowSamples,
        prunedFrames: narrowFrames,
      });
    }
    node++;
  }
  return { boxes, total, depth, prunedFrames: allPruned };
}

function isNarrow(width: number, minWidth: number): boolean {
  return width <= 0 || width < minWidth;
}
