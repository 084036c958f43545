// The order of a tree's nodes. Nodes are interned as stacks come; what is shown must not depend on that.

/** Where each node of a trie stands in pre-order. Columns are by position but for `position` itself. */
export interface TreeOrder {
  /** By node as it was made. */
  readonly position: Uint32Array;
  readonly parent: Uint32Array;
  /** 0 for the root. */
  readonly depth: Uint32Array;
  /** One past the last node of the subtree. */
  readonly end: Uint32Array;
}

/**
 * Orders a trie in pre-order, siblings by their labels' rank. Node 0 is the root; every other node was made after its
 * parent.
 */
export function orderTree(
  parent: Uint32Array,
  label: Uint32Array,
  rankOfLabel: Uint32Array,
): TreeOrder {
  const count = parent.length;
  const size = subtreeSizes(parent);
  const position = preOrderPositions(parent, size, rankNodes(label, rankOfLabel));
  const orderedParent = new Uint32Array(count);
  const end = new Uint32Array(count);
  for (let node = 0; node < count; node++) {
    const at = position[node] as number;
    orderedParent[at] = position[parent[node] as number] as number;
    end[at] = at + (size[node] as number);
  }
  const depth = new Uint32Array(count);
  for (let at = 1; at < count; at++) {
    depth[at] = (depth[orderedParent[at] as number] as number) + 1;
  }
  return { position, parent: orderedParent, depth, end };
}

/** A column by node, as made, put in the tree's order. */
export function inOrder<T extends Uint32Array | Float64Array>(order: TreeOrder, column: T): T {
  const ordered = column.slice() as T;
  const { position } = order;
  for (let node = 0; node < position.length; node++) {
    ordered[position[node] as number] = column[node] as number;
  }
  return ordered;
}

/** What each node and all below it have together. */
export function sumSubtrees(order: TreeOrder, self: Float64Array): Float64Array {
  const total = self.slice();
  // From the back, children are met before their parents.
  for (let at = total.length - 1; at > 0; at--) {
    const up = order.parent[at] as number;
    total[up] = (total[up] as number) + (total[at] as number);
  }
  return total;
}

function subtreeSizes(parent: Uint32Array): Uint32Array {
  const size = new Uint32Array(parent.length).fill(1);
  for (let node = parent.length - 1; node > 0; node--) {
    const up = parent[node] as number;
    size[up] = (size[up] as number) + (size[node] as number);
  }
  return size;
}

/** All nodes but the root, by the rank of their labels. */
function rankNodes(label: Uint32Array, rankOfLabel: Uint32Array): Uint32Array {
  const keys = new Uint32Array(label.length);
  for (let node = 1; node < label.length; node++) {
    keys[node] = rankOfLabel[label[node] as number] as number;
  }
  const nodes = new Uint32Array(Math.max(0, label.length - 1));
  for (let at = 0; at < nodes.length; at++) nodes[at] = at + 1;
  return countingSort(keys, rankOfLabel.length, nodes);
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
