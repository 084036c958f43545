// V8's CPU profiler loses inlining: in optimised code the ticks of an inlined function count for the function it was inlined
// into. What stays is each tick's line. A line where the function can't be, or where another function was seen to run, tells
// whose the time is, provided the same profile has seen that function called from this one, which it has when it caught the
// code before it was optimised.

/** A node of V8's call tree; functions are numbered by script and place. */
export interface InliningNode {
  readonly parent: number;
  readonly function: number;
  /** Ticks by 1-based line. */
  readonly lines: ReadonlyMap<number, number>;
}

/** A function; the line of its definition, 1-based, 0 when unknown. */
export interface InliningFunction {
  readonly script: string;
  readonly line: number;
}

/** For a line of a node: the inlined functions, outermost first, that its ticks belong to. */
export type InlinedCallees = (node: number, line: number) => readonly number[];

const NONE: readonly number[] = [];

/** Finds whose the ticks of each node are. Where the profile doesn't tell, they stay with the node. */
export function findInlinedCallees(
  nodes: readonly InliningNode[],
  functions: readonly InliningFunction[],
): InlinedCallees {
  const chains = collectCallees(nodes);
  const ownLines = collectOwnLines(nodes, functions);
  return (node, line) => {
    const caller = (nodes[node] as InliningNode).function;
    const from = functions[caller] as InliningFunction;
    const callees = chains.get(caller);
    if (callees === undefined || from.line === 0) return NONE;
    let best = NONE;
    let bestLine = 0;
    for (const [callee, chain] of callees) {
      const to = functions[callee] as InliningFunction;
      if (to.script !== from.script || to.line === 0 || to.line > line) continue;
      if (!ownLines.get(callee)?.has(line)) continue;
      // Behind the caller's first line, a line may be its own: then the callee must begin later and on another line.
      if (line >= from.line && (to.line <= from.line || to.line === line)) continue;
      if (to.line > bestLine) {
        best = chain;
        bestLine = to.line;
      }
    }
    return best;
  };
}

/** For each function the functions seen below it, each with the shortest way there. */
function collectCallees(
  nodes: readonly InliningNode[],
): ReadonlyMap<number, ReadonlyMap<number, readonly number[]>> {
  /** Optimised code inlines a few levels deep; further down it is a call. */
  const DEEPEST = 8;
  const chains = new Map<number, Map<number, readonly number[]>>();
  nodes.forEach((node) => {
    let chain: readonly number[] = [node.function];
    let at = node.parent;
    for (let depth = 0; depth < DEEPEST && at >= 0; depth++) {
      const caller = nodes[at] as InliningNode;
      // Recursion would make a function its own callee.
      if (chain.includes(caller.function)) break;
      const ofCaller = chains.get(caller.function) ?? new Map<number, readonly number[]>();
      const known = ofCaller.get(node.function);
      if (known === undefined || known.length > chain.length) ofCaller.set(node.function, chain);
      chains.set(caller.function, ofCaller);
      chain = [caller.function, ...chain];
      at = caller.parent;
    }
  });
  return chains;
}

/** Lines on which each function was seen as itself, as far as they can be its own. */
function collectOwnLines(
  nodes: readonly InliningNode[],
  functions: readonly InliningFunction[],
): ReadonlyMap<number, ReadonlySet<number>> {
  const own = new Map<number, Set<number>>();
  for (const node of nodes) {
    const { line: first } = functions[node.function] as InliningFunction;
    const lines = own.get(node.function) ?? new Set<number>();
    for (const line of node.lines.keys()) if (line >= first) lines.add(line);
    own.set(node.function, lines);
  }
  return own;
}
