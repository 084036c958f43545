// A call tree in the browser, and the trees made of it: from the leaves, without some frames, around one function.

import { PairIndex } from '../../model/pair-index.ts';
import { inOrder, orderTree, sumSubtrees } from '../../model/tree-order.ts';

/** Columns of values. The last two are there in comparisons only. */
export const Values = { width: 0, samples: 1, before: 2, after: 3 } as const;

/** A tree in pre-order; node 0 is the root of all and has no label. */
export interface Graph {
  readonly length: number;
  readonly label: Uint32Array;
  readonly parent: Uint32Array;
  readonly depth: Uint32Array;
  /** One past the last node of the subtree. */
  readonly end: Uint32Array;
  /** By {@link Values}. */
  readonly self: readonly Float64Array[];
  readonly total: readonly Float64Array[];
  /** Where the box begins, in units of width. */
  readonly start: Float64Array;
  readonly levels: number;
}

interface Shape {
  readonly label: Uint32Array;
  readonly parent: Uint32Array;
  readonly depth: Uint32Array;
  readonly end: Uint32Array;
}

/** Completes a tree whose nodes stand in pre-order. */
export function completeGraph(shape: Shape, self: readonly Float64Array[]): Graph {
  const { label, parent, depth, end } = shape;
  const order = { position: label, parent, depth, end };
  const total = self.map((column) => sumSubtrees(order, column));
  const widths = total[Values.width] as Float64Array;
  const start = new Float64Array(label.length);
  const cursor = new Float64Array(label.length);
  let levels = 0;
  for (let node = 0; node < label.length; node++) {
    const up = parent[node] as number;
    const at = node === 0 ? 0 : (cursor[up] as number);
    start[node] = at;
    cursor[node] = at;
    cursor[up] = at + (node === 0 ? 0 : (widths[node] as number));
    levels = Math.max(levels, (depth[node] as number) + 1);
  }
  return { length: label.length, label, parent, depth, end, self, total, start, levels };
}

/** The tree from the leaves: every frame with time of its own is a root, its callers below it. */
export function invert(graph: Graph, ranks: Uint32Array): Graph {
  const merger = new Merger(graph.self.length);
  for (let node = 1; node < graph.length; node++) {
    if (isEmpty(graph.self, node)) continue;
    merger.addPathUp(graph, node, graph.self, node);
  }
  return merger.finish(ranks);
}

/** The tree without the frames of hidden labels; what they had themselves goes to their callers. */
export function hide(graph: Graph, hidden: Uint8Array, ranks: Uint32Array): Graph {
  const merger = new Merger(graph.self.length);
  const nodeOf = new Uint32Array(graph.length);
  for (let node = 0; node < graph.length; node++) {
    const label = graph.label[node] as number;
    const up = node === 0 ? 0 : (nodeOf[graph.parent[node] as number] as number);
    nodeOf[node] = node === 0 || hidden[label] === 1 ? up : merger.step(up, label);
    merger.add(nodeOf[node] as number, graph.self, node);
  }
  return merger.finish(ranks);
}

/** All that one function calls, wherever it is called from. Recursive calls of it stay below the first. */
export function calleesOf(graph: Graph, label: number, ranks: Uint32Array): Graph {
  const merger = new Merger(graph.self.length);
  const nodeOf = new Uint32Array(graph.length);
  for (const top of outermost(graph, label)) {
    for (let node = top; node < (graph.end[top] as number); node++) {
      const up = node === top ? 0 : (nodeOf[graph.parent[node] as number] as number);
      nodeOf[node] = merger.step(up, graph.label[node] as number);
      merger.add(nodeOf[node] as number, graph.self, node);
    }
  }
  return merger.finish(ranks);
}

/** All that call one function, directly or not, weighted by what it cost them. */
export function callersOf(graph: Graph, label: number, ranks: Uint32Array): Graph {
  const merger = new Merger(graph.self.length);
  for (const top of outermost(graph, label)) merger.addPathUp(graph, top, graph.total, top);
  return merger.finish(ranks);
}

/** What a function has by itself and in all, recursion counted once; by label. */
export function sumLabels(graph: Graph, labelCount: number): Pick<Graph, 'self' | 'total'> {
  const columns = () => graph.self.map(() => new Float64Array(labelCount));
  const sums = { self: columns(), total: columns() };
  const open = new Uint32Array(labelCount);
  for (let node = 1; node < graph.length; node++) {
    const label = graph.label[node] as number;
    // Pre-order: while the last node of this label is open, this one lies below it.
    const isOutermost = node >= (open[label] as number);
    if (isOutermost) open[label] = graph.end[node] as number;
    for (let column = 0; column < graph.self.length; column++) {
      addTo(sums.self[column] as Float64Array, label, graph.self[column]?.[node] as number);
      if (!isOutermost) continue;
      addTo(sums.total[column] as Float64Array, label, graph.total[column]?.[node] as number);
    }
  }
  return sums;
}

function outermost(graph: Graph, label: number): number[] {
  const found: number[] = [];
  let node = 1;
  while (node < graph.length) {
    if (graph.label[node] === label) {
      found.push(node);
      node = graph.end[node] as number;
    } else {
      node++;
    }
  }
  return found;
}

/** Interns paths of labels and sums up what lies on them. */
class Merger {
  readonly #trie = new PairIndex();
  readonly #self: number[][];

  constructor(columns: number) {
    this.#self = Array.from({ length: columns }, () => [0]);
  }

  step(node: number, label: number): number {
    const next = this.#trie.intern(node, label) + 1;
    for (const column of this.#self) if (column.length <= next) column.push(0);
    return next;
  }

  add(node: number, from: readonly Float64Array[], row: number): void {
    this.#self.forEach((column, at) => {
      column[node] = (column[node] as number) + (from[at]?.[row] as number);
    });
  }

  addPathUp(graph: Graph, leaf: number, from: readonly Float64Array[], row: number): void {
    let node = 0;
    for (let at = leaf; at !== 0; at = graph.parent[at] as number) {
      node = this.step(node, graph.label[at] as number);
    }
    this.add(node, from, row);
  }

  finish(ranks: Uint32Array): Graph {
    const parent = prependZero(this.#trie.firsts());
    const label = prependZero(this.#trie.seconds());
    const order = orderTree(parent, label, ranks);
    const self = this.#self.map((column) => inOrder(order, Float64Array.from(column)));
    return completeGraph({ ...order, label: inOrder(order, label) }, self);
  }
}

function isEmpty(columns: readonly Float64Array[], row: number): boolean {
  return columns.every((column) => column[row] === 0);
}

function addTo(column: Float64Array, row: number, value: number): void {
  column[row] = (column[row] as number) + value;
}

function prependZero(values: Uint32Array): Uint32Array {
  const result = new Uint32Array(values.length + 1);
  result.set(values, 1);
  return result;
}
