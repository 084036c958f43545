// Which boxes a view shows, and where.

import { type Graph, Values } from './graph.ts';

/** One box to draw, in pixels. */
export interface VisibleBox {
  /** The frame, or the first of the narrow ones. */
  node: number;
  x: number;
  width: number;
  depth: number;
  /** 0 for a frame; otherwise how many narrow ones stand in this place. */
  narrow: number;
}

/** Whether `node` is a caller of `view`. */
export function isAbove(graph: Graph, node: number, view: number): boolean {
  return node < view && (graph.end[node] as number) > view;
}

/**
 * Visits the boxes of a view: its callers over the whole width, itself and what is below it. Narrow neighbours of one
 * caller are one box. The object handed out is the same one each time.
 */
export function visitBoxes(
  graph: Graph,
  view: number,
  space: { readonly widthPx: number; readonly minPx: number },
  visit: (box: VisibleBox) => void,
): void {
  const widths = graph.total[Values.width] as Float64Array;
  const scale = space.widthPx / (widths[view] as number);
  const box: VisibleBox = { node: 0, x: 0, width: space.widthPx, depth: 0, narrow: 0 };
  const callers: number[] = [];
  for (let at = view; at !== 0; at = graph.parent[at] as number) {
    callers.push(graph.parent[at] as number);
  }
  for (const node of callers.reverse()) {
    visit(Object.assign(box, { node, depth: graph.depth[node] as number }));
  }
  const left = graph.start[view] as number;
  const end = graph.end[view] as number;
  let node = view;
  while (node < end) {
    box.node = node;
    box.depth = graph.depth[node] as number;
    box.x = ((graph.start[node] as number) - left) * scale;
    box.narrow = 0;
    let width = widths[node] as number;
    if (node !== view && width * scale < space.minPx) {
      const up = graph.parent[node] as number;
      const last = graph.end[up] as number;
      width = 0;
      while (node < last && (widths[node] as number) * scale < space.minPx) {
        width += widths[node] as number;
        box.narrow += (graph.end[node] as number) - node;
        node = graph.end[node] as number;
      }
    } else {
      node++;
    }
    box.width = width * scale;
    if (width > 0) visit(box);
  }
}

export type Direction = 'caller' | 'callee' | 'previous' | 'next';

/** The frame beside `node` in a view, if there is one of at least `minWidth`. */
export function neighbour(
  graph: Graph,
  view: number,
  node: number,
  direction: Direction,
  minWidth: number,
): number | undefined {
  const widths = graph.total[Values.width] as Float64Array;
  const isWide = (at: number) => (widths[at] as number) >= minWidth && (widths[at] as number) > 0;
  if (direction === 'caller') return node === 0 ? undefined : graph.parent[node];
  const end = graph.end[node] as number;
  if (direction === 'callee') {
    if (node < view) return callerOnPath(graph, node, view);
    let widest: number | undefined;
    for (let child = node + 1; child < end; child = graph.end[child] as number) {
      if (
        isWide(child) &&
        (widths[child] as number) > (widths[widest ?? 0] as number) * Number(widest !== undefined)
      ) {
        widest = child;
      }
    }
    return widest;
  }
  if (node <= view) return undefined;
  const depth = graph.depth[node];
  if (direction === 'next') {
    for (let at = end; at < (graph.end[view] as number); at++) {
      if (graph.depth[at] === depth && isWide(at)) return at;
    }
    return undefined;
  }
  for (let at = node - 1; at > view; at--) if (graph.depth[at] === depth && isWide(at)) return at;
  return undefined;
}

function callerOnPath(graph: Graph, node: number, view: number): number {
  let at = view;
  while (graph.parent[at] !== node) at = graph.parent[at] as number;
  return at;
}
