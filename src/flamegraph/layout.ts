import type { CallTree } from '../model/call-tree.ts';
import type { Column } from '../model/profile-data.ts';
import type { TreeValues } from './comparison.ts';

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
  /** For narrow frames: what they have together in each of the other columns asked for. */
  readonly prunedTotals: readonly number[];
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
 * Lays out a call tree. Frames narrower than `minWidth` are not dropped: those of one caller are drawn
 * together as one box behind its wider callees, so that every caller's width is still accounted for.
 */
export function layOutFlames(
  tree: CallTree,
  widths: TreeValues,
  minWidth: number,
  others: readonly Column[] = [],
): FlameLayout {
  const total = widths.total[0] as number;
  const starts = new Float64Array(tree.length);
  const boxes: FlameBox[] = [];
  let depth = 0;
  let allPruned = 0;
  let node = 0;
  while (node < tree.length) {
    const width = widths.total[node] as number;
    if (node > 0 && isNarrow(width, minWidth)) {
      node = tree.end[node] as number;
      continue;
    }
    const start = starts[node] as number;
    const nodeDepth = tree.depth[node] as number;
    const samples = tree.totalSamples[node] as number;
    boxes.push({
      start,
      width,
      depth: nodeDepth,
      node,
      samples,
      prunedFrames: 0,
      prunedTotals: [],
    });
    const pruned = placeChildren(tree, widths.total, node, {
      start,
      minWidth,
      starts,
      others,
      omittedWidth: widths.omitted,
    });
    if (pruned.width > 0) {
      const { frames, totals, ...box } = pruned;
      boxes.push({
        ...box,
        depth: nodeDepth + 1,
        node,
        prunedFrames: frames,
        prunedTotals: totals,
      });
      allPruned += frames;
    }
    depth = Math.max(depth, nodeDepth + (pruned.width > 0 ? 1 : 0));
    node++;
  }
  return { boxes, total, depth, prunedFrames: allPruned };
}

/** Gives the wide children of a node their starts, and sums up the others, which go behind them. */
function placeChildren(
  tree: CallTree,
  total: TreeValues['total'],
  node: number,
  place: {
    readonly start: number;
    readonly minWidth: number;
    readonly starts: Float64Array;
    readonly others: readonly Column[];
    readonly omittedWidth: Column | undefined;
  },
): { start: number; width: number; frames: number; samples: number; totals: number[] } {
  const end = tree.end[node] as number;
  let start = place.start;
  const { omitted } = tree;
  let width = place.omittedWidth?.[node] ?? 0;
  let frames = omitted?.frames[node] ?? 0;
  let samples = omitted?.samples[node] ?? 0;
  const totals = place.others.map(() => 0);
  for (let child = node + 1; child < end; child = tree.end[child] as number) {
    const childWidth = total[child] as number;
    if (isNarrow(childWidth, place.minWidth)) {
      width += childWidth;
      samples += tree.totalSamples[child] as number;
      frames += (tree.end[child] as number) - child;
      place.others.forEach((column, at) => {
        totals[at] = (totals[at] as number) + (column[child] as number);
      });
    } else {
      place.starts[child] = start;
      start += childWidth;
    }
  }
  return { start, width, frames, samples, totals };
}

function isNarrow(width: number, minWidth: number): boolean {
  return width <= 0 || width < minWidth;
}
