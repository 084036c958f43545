import type { Graph } from './graph.ts';

/** Rows a view takes, its callers among them. */
export function levelsOf(graph: Graph, view: number): number {
  let levels = 0;
  for (let node = view; node < (graph.end[view] as number); node++) {
    levels = Math.max(levels, (graph.depth[node] as number) + 1);
  }
  return levels;
}
