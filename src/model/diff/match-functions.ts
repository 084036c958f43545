import type { FunctionIdentity } from '../function-rows.ts';

/** A function in both profiles, or in one of them: rows of either side, -1 for none. */
export interface FunctionPair {
  readonly base: number;
  readonly next: number;
}

/**
 * Finds the functions of one program in another version of it. Name and path tell them apart; lines move with every edit,
 * so they decide only among several of one name in a file, such as anonymous ones: those on an unchanged line first, the
 * others in their order when there are equally many.
 */
export function matchFunctions(
  base: readonly FunctionIdentity[],
  next: readonly FunctionIdentity[],
): FunctionPair[] {
  const groups = new Map<string, { base: number[]; next: number[] }>();
  const collect = (side: 'base' | 'next', list: readonly FunctionIdentity[]) => {
    list.forEach((row, at) => {
      const key = `${row.name}\n${row.path}`;
      const group = groups.get(key) ?? { base: [], next: [] };
      group[side].push(at);
      groups.set(key, group);
    });
  };
  collect('base', base);
  collect('next', next);
  return [...groups.values()].flatMap((group) => pairGroup(group, base, next));
}

function pairGroup(
  group: { base: number[]; next: number[] },
  base: readonly FunctionIdentity[],
  next: readonly FunctionIdentity[],
): FunctionPair[] {
  const position = ({ line, column }: FunctionIdentity) => `${line}:${column}`;
  const byPosition = new Map(group.next.map((at) => [position(next[at] as FunctionIdentity), at]));
  const pairs: FunctionPair[] = [];
  const restOfBase: number[] = [];
  const restOfNext = new Set(group.next);
  for (const at of group.base) {
    const same = byPosition.get(position(base[at] as FunctionIdentity));
    if (same === undefined) restOfBase.push(at);
    else {
      pairs.push({ base: at, next: same });
      restOfNext.delete(same);
    }
  }
  const moved = inOrder([...restOfNext], next);
  const before = inOrder(restOfBase, base);
  if (before.length === moved.length) {
    before.forEach((at, index) => {
      pairs.push({ base: at, next: moved[index] as number });
    });
  } else {
    pairs.push(...before.map((at) => ({ base: at, next: -1 })));
    pairs.push(...moved.map((at) => ({ base: -1, next: at })));
  }
  return pairs;
}

function inOrder(rows: number[], list: readonly FunctionIdentity[]): number[] {
  const row = (at: number) => list[at] as FunctionIdentity;
  return rows.sort((a, b) => row(a).line - row(b).line || row(a).column - row(b).column);
}
