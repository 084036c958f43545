/** Rows of a stack table, and which of them each leaf got. */
export interface LeafStacks {
  readonly parent: Uint32Array;
  readonly frame: Uint32Array;
  readonly rowOfLeaf: Uint32Array;
}

/**
 * Gives stacks one frame longer than interned ones their rows: equal ones the same, also that of an interned stack.
 * Files of a million lines have about as many leaves. Hashing each of them waits for memory each time; sorted by the stack they stand
 * on, the frames seen below one fit the cache.
 *
 * @param parent parents of the interned stacks, row 0 the empty one; a parent's row is smaller than its children's
 * @param leafParent rows of interned stacks
 */
export function appendLeaves(
  parent: Uint32Array,
  frame: Uint32Array,
  leafParent: Uint32Array,
  leafFrame: Uint32Array,
  frameCount: number,
): LeafStacks {
  const interned = parent.length;
  const leaves = leafParent.length;
  const innerBelow = sortByParent(parent, interned);
  const leavesBelow = sortByParent(leafParent, interned);
  const rows = {
    parent: new Uint32Array(interned + leaves),
    frame: new Uint32Array(interned + leaves),
  };
  rows.parent.set(parent);
  rows.frame.set(frame);
  const rowOfLeaf = new Uint32Array(leaves);
  // Of the frames below the stack at hand: which it was, plus one, and the row.
  const seenBelow = new Uint32Array(frameCount);
  const rowOfFrame = new Uint32Array(frameCount);
  let length = interned;
  let inner = 1; // Row 0, the only one that is its own parent, comes first.
  let leaf = 0;
  for (let stack = 0; stack < interned; stack++) {
    for (; inner < interned && parent[innerBelow[inner] as number] === stack; inner++) {
      const row = innerBelow[inner] as number;
      seenBelow[frame[row] as number] = stack + 1;
      rowOfFrame[frame[row] as number] = row;
    }
    for (; leaf < leaves && leafParent[leavesBelow[leaf] as number] === stack; leaf++) {
      const at = leavesBelow[leaf] as number;
      const id = leafFrame[at] as number;
      if (seenBelow[id] !== stack + 1) {
        seenBelow[id] = stack + 1;
        rowOfFrame[id] = length;
        rows.parent[length] = stack;
        rows.frame[length++] = id;
      }
      rowOfLeaf[at] = rowOfFrame[id] as number;
    }
  }
  return {
    parent: rows.parent.subarray(0, length),
    frame: rows.frame.subarray(0, length),
    rowOfLeaf,
  };
}

/** Indexes into `parent` in the order of its values; equal ones keep their order. */
function sortByParent(parent: Uint32Array, parents: number): Uint32Array {
  const starts = new Uint32Array(parents + 1);
  for (let at = 0; at < parent.length; at++) {
    const next = (parent[at] as number) + 1;
    starts[next] = (starts[next] as number) + 1;
  }
  for (let at = 0; at < parents; at++) {
    starts[at + 1] = (starts[at + 1] as number) + (starts[at] as number);
  }
  const sorted = new Uint32Array(parent.length);
  for (let at = 0; at < parent.length; at++) {
    const up = parent[at] as number;
    const place = starts[up] as number;
    starts[up] = place + 1;
    sorted[place] = at;
  }
  return sorted;
}
