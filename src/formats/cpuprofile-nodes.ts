// The call tree of a .cpuprofile, checked: every reference leads somewhere and nothing is its own ancestor.

import { type FrameWords, functionOfWords } from './frame-words.ts';
import { invalid, shown } from './invalid.ts';
import { arrayOf, numberOf, positionOf, stringOf } from './json-input.ts';
import { isObject } from './metadata.ts';
import type { Skipped } from './skipped.ts';

/** A node, with its parent found. */
export interface CpuProfileNode {
  readonly id: number;
  /** Index into the list of nodes; -1 for a root. */
  readonly parent: number;
  readonly words: FrameWords;
  readonly hits: number;
  /** Ticks by 1-based executing line. */
  readonly lines: ReadonlyMap<number, number>;
}

/** Nodes with each parent before its children. */
export interface CpuProfileTree {
  readonly nodes: readonly CpuProfileNode[];
  readonly indexOfId: ReadonlyMap<number, number>;
}

/** Whether a node is the root of all, which is no function. */
export function isRoot({ parent, words }: CpuProfileNode): boolean {
  return parent < 0 && words.name === '(root)' && words.file === '';
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads `nodes`.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE
 */
export function readNodes(value: unknown, skipped: Skipped): CpuProfileTree {
  const list = arrayOf(value, '"nodes"').map((node, row) => {
    if (isObject(node)) return node;
    throw invalid(`node ${row} is ${shown(node)}, no object`);
  });
  const rowOfId = new Map<number, number>();
  list.forEach(({ id }, row) => {
    if (!Number.isSafeInteger(id)) throw invalid(`"id" of node ${row} is ${shown(id)}`);
    if (rowOfId.has(id as number)) throw invalid(`two nodes have the id ${id}`);
    rowOfId.set(id as number, row);
  });
  return sortNodes(list, findParents(list, rowOfId, skipped));
}

function findParents(
  list: readonly JsonObject[],
  rowOfId: ReadonlyMap<number, number>,
  skipped: Skipped,
): Int32Array {
  const parents = new Int32Array(list.length).fill(-1);
  const link = (child: unknown, parent: number) => {
    const row = rowOfId.get(child as number);
    if (row === undefined) {
      skipped.add(`node ${list[parent]?.['id']} has the child ${shown(child)}, which is none`);
    } else if (parents[row] !== -1 && parents[row] !== parent) {
      throw invalid(`node ${child} is a child of two nodes`);
    } else parents[row] = parent;
  };
  list.forEach(({ children, parent, id }, row) => {
    // V8 links downwards; traces of Chrome link upwards.
    if (children !== undefined) {
      for (const child of arrayOf(children, `"children" of node ${id}`)) link(child, row);
    }
    if (parent === undefined) return;
    const above = rowOfId.get(parent as number);
    if (above === undefined)
      skipped.add(`node ${id} has the parent ${shown(parent)}, which is none`);
    else link(id, above);
  });
  return parents;
}

/** Parents first. What is reached from no root is on a circle. */
function sortNodes(list: readonly JsonObject[], parents: Int32Array): CpuProfileTree {
  const children: number[][] = list.map(() => []);
  const pending: number[] = [];
  parents.forEach((parent, row) => {
    if (parent < 0) pending.push(row);
    else children[parent]?.push(row);
  });
  pending.reverse();
  const indexOfRow = new Int32Array(list.length).fill(-1);
  const indexOfId = new Map<number, number>();
  const nodes: CpuProfileNode[] = [];
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    const parent = parents[row] as number;
    const index = nodes.push(readNode(list[row] as JsonObject, indexOfRow[parent] ?? -1)) - 1;
    indexOfRow[row] = index;
    indexOfId.set(nodes[index]?.id as number, index);
    for (const child of (children[row] as number[]).reverse()) pending.push(child);
  }
  const lost = indexOfRow.indexOf(-1);
  if (lost >= 0) throw invalid(`node ${list[lost]?.['id']} is its own ancestor`);
  return { nodes, indexOfId };
}

function readNode(node: JsonObject, parent: number): CpuProfileNode {
  const { id, callFrame, hitCount, positionTicks } = node;
  if (!isObject(callFrame)) throw invalid(`node ${id} has no "callFrame"`);
  const hits = numberOf(hitCount, `"hitCount" of node ${id}`, 0);
  if (hits < 0) throw invalid(`"hitCount" of node ${id} is ${hits}`);
  return {
    id: id as number,
    parent,
    words: {
      name: stringOf(callFrame['functionName']),
      file: stringOf(callFrame['url']),
      line: fromZeroBased(callFrame['lineNumber']),
      column: fromZeroBased(callFrame['columnNumber']),
    },
    hits,
    lines: readLines(positionTicks),
  };
}

/** V8 has a row for each position, so a line may have several. */
function readLines(value: unknown): ReadonlyMap<number, number> {
  const lines = new Map<number, number>();
  if (!Array.isArray(value)) return lines;
  for (const tick of value) {
    if (!isObject(tick)) continue;
    const line = positionOf(tick['line']);
    const ticks = positionOf(tick['ticks']);
    if (line > 0 && ticks > 0) lines.set(line, (lines.get(line) ?? 0) + ticks);
  }
  return lines;
}

function fromZeroBased(value: unknown): number {
  return typeof value === 'number' ? positionOf(value + 1) : 0;
}

/** A key that is equal for equal functions. */
export function functionKey({ words }: CpuProfileNode): string {
  const { name, script = '', line, column } = functionOfWords(words);
  return JSON.stringify([name, script, line, column]);
}
