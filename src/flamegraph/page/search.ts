import { isAbove } from './boxes.ts';
import { type Graph, Values } from './graph.ts';

/** What was typed: a pattern, or why it is none. */
export interface Search {
  readonly text: string;
  readonly pattern?: RegExp;
  readonly error?: string;
}

/** A regular expression; without capital letters it ignores case. */
export function compileSearch(text: string): Search {
  if (text === '') return { text };
  try {
    return { text, pattern: new RegExp(text, /\p{Lu}/u.test(text) ? '' : 'i') };
  } catch (error) {
    return { text, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Which labels match, by label. */
export function matchLabels(
  names: readonly string[],
  pattern: RegExp | undefined,
  isFrame: (label: number) => boolean,
): Uint8Array {
  const hits = new Uint8Array(names.length);
  if (pattern === undefined) return hits;
  for (let label = 1; label < names.length; label++) {
    if (isFrame(label) && pattern.test(names[label] as string)) hits[label] = 1;
  }
  return hits;
}

/** How much of a view lies in matching frames; frames below one are counted with it. */
export interface Coverage {
  readonly width: number;
  /** Matching nodes. */
  readonly nodes: number;
}

/** Sums up the matches of a view. */
export function coverageOf(graph: Graph, view: number, hits: Uint8Array): Coverage {
  const widths = graph.total[Values.width] as Float64Array;
  const end = graph.end[view] as number;
  let width = 0;
  let nodes = 0;
  let until = 0;
  for (
    let at = graph.parent[view] as number;
    view !== 0 && at !== 0;
    at = graph.parent[at] as number
  ) {
    if (hits[graph.label[at] as number] !== 1) continue;
    nodes++;
    until = end;
    width = widths[view] as number;
  }
  for (let node = Math.max(view, 1); node < end; node++) {
    if (hits[graph.label[node] as number] !== 1) continue;
    nodes++;
    if (node < until) continue;
    width += widths[node] as number;
    until = graph.end[node] as number;
  }
  return { width, nodes };
}

/** The matches of a view that are wide enough to be seen; all, if none is. */
export function visibleMatches(
  graph: Graph,
  view: number,
  hits: Uint8Array,
  minWidth: number,
): number[] {
  const widths = graph.total[Values.width] as Float64Array;
  const all: number[] = [];
  for (let node = 1; node < (graph.end[view] as number); node++) {
    if (node < view && !isAbove(graph, node, view)) continue;
    if (hits[graph.label[node] as number] === 1) all.push(node);
  }
  const wide = all.filter((node) => (widths[node] as number) >= minWidth);
  return wide.length > 0 ? wide : all;
}

/** The match before or after `from`, round the ends; undefined without any. */
export function nextMatch(
  matches: readonly number[],
  from: number,
  isForward: boolean,
): number | undefined {
  if (isForward) return matches.find((node) => node > from) ?? matches[0];
  return matches.findLast((node) => node < from) ?? matches.at(-1);
}
