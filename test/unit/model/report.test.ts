import { describe, expect, it } from 'vitest';
import { findNeighbors } from '../../../src/model/call-edges.ts';
import { sumByFunction } from '../../../src/model/function-totals.ts';
import { findHotPaths } from '../../../src/model/hot-paths.ts';
import { sumByLine } from '../../../src/model/line-totals.ts';
import { FunctionKind, sumSamples } from '../../../src/model/profile-data.ts';
import { splitThreads } from '../../../src/model/split-threads.ts';
import { makeProfile } from './make-profile.ts';
import { Random } from './random.ts';

const random = (seed: number, count = 200) => {
  const source = new Random(seed);
  return makeProfile(
    Array.from({ length: count }, () => ({
      frames: Array.from({ length: source.below(7) }, () => `f${source.below(5)}`),
      weight: source.below(1000),
      thread: source.below(3),
    })),
  );
};

describe('sumByFunction', () => {
  it('lists what matches, in the order asked for', () => {
    const profile = makeProfile([
      { frames: ['main', 'parse'], weight: 5, ticks: 9 },
      { frames: ['main', 'sort'], weight: 7, ticks: 1 },
    ]);
    const names = (options: object) => sumByFunction(profile, options).map(({ name }) => name);
    expect(names({ match: ['^pa', 'sort'] })).toEqual(['sort', 'parse']);
    expect(names({ sort: 'total' })).toEqual(['main', 'sort', 'parse']);
    expect(names({ sort: 'samples' })).toEqual(['parse', 'sort', 'main']);
    expect(names({ sort: 'name' })).toEqual(['main', 'parse', 'sort']);
    expect(names({ sort: 'total', limit: 1 })).toEqual(['main']);
  });
});

describe('findNeighbors', () => {
  const profile = makeProfile([
    { frames: ['main', 'work', 'parse'], weight: 5 },
    { frames: ['main', 'work', 'work', 'sort'], weight: 3 },
    { frames: ['main', 'work'], weight: 2 },
    { frames: ['work', 'sort'], weight: 1 },
    { frames: ['main'], weight: 100 },
  ]);

  it('tells who called the outermost and whom the innermost called', () => {
    const calls = findNeighbors(profile, 'work');
    expect(calls).toMatchObject({ totalWeight: 11, selfWeight: 2, rootWeight: 1, totalSamples: 4 });
    expect(calls.callers.map(({ name, weight }) => [name, weight])).toEqual([['main', 10]]);
    expect(calls.callees.map(({ name, weight }) => [name, weight])).toEqual([
      ['parse', 5],
      ['sort', 4],
    ]);
  });

  it('means a function by its whole name, others by pattern', () => {
    const named = (target: string) =>
      findNeighbors(profile, target).functions.map(({ name }) => name);
    expect(named('sort')).toEqual(['sort']);
    expect(named('^(sort|parse)$')).toEqual(['parse', 'sort']);
    expect(named('nothing')).toEqual([]);
    const twins = makeProfile([{ frames: ['sort', 'sortItems'] }]);
    expect(findNeighbors(twins, 'sort').functions).toHaveLength(1);
    expect(findNeighbors(twins, 'sor').functions).toHaveLength(2);
  });

  it.each([1, 2, 3, 4])('adds up to the total on both sides (seed %i)', (seed) => {
    const some = random(seed);
    for (const target of ['f0', 'f[12]', '.']) {
      const calls = findNeighbors(some, target);
      const sum = (edges: readonly { weight: number }[]) =>
        edges.reduce((all, { weight }) => all + weight, 0);
      expect(sum(calls.callers) + calls.rootWeight).toBe(calls.totalWeight);
      expect(sum(calls.callees) + calls.selfWeight).toBe(calls.totalWeight);
    }
    const f0 = sumByFunction(some).find(({ name }) => name === 'f0');
    expect(findNeighbors(some, 'f0')).toMatchObject({
      totalWeight: f0?.totalWeight,
      selfWeight: f0?.selfWeight,
      totalSamples: f0?.totalSamples,
    });
  });
});

describe('sumByLine', () => {
  const app = (name: string, executing: number) => ({
    name,
    script: '/app/a.js',
    line: 1,
    executing,
  });
  const builtin = { name: 'ArrayPrototypeSort', kind: FunctionKind.builtin };

  it('charges what has no line to the line that led to it', () => {
    const rows = sumByLine(
      makeProfile([
        { frames: [app('main', 10), builtin], weight: 5 },
        { frames: [app('main', 10), app('inner', 20)], weight: 3 },
        { frames: [app('main', 11)], weight: 1 },
      ]),
    );
    expect(rows.map((row) => [row.line, row.selfWeight, row.totalWeight, row.name])).toEqual([
      [10, 5, 8, 'main'],
      [20, 3, 3, 'inner'],
      [11, 1, 1, 'main'],
    ]);
  });

  it('counts a line once however often it recurs in a stack', () => {
    const [row] = sumByLine(
      makeProfile([{ frames: [app('f', 7), app('f', 7), app('f', 7)], weight: 4 }]),
    );
    expect(row).toMatchObject({ selfWeight: 4, totalWeight: 4, totalSamples: 1 });
  });

  it('keeps scripts apart and names the line by its most expensive function', () => {
    const rows = sumByLine(
      makeProfile([
        { frames: [{ name: 'a', script: '/x.js', line: 1, executing: 1 }], weight: 1 },
        { frames: [{ name: 'b', script: '/x.js', line: 1, executing: 1 }], weight: 9 },
        { frames: [{ name: 'a', script: '/y.js', line: 1, executing: 1 }], weight: 2 },
      ]),
    );
    expect(rows.map(({ script, name, selfWeight }) => [script, name, selfWeight])).toEqual([
      ['/x.js', 'b', 10],
      ['/y.js', 'a', 2],
    ]);
  });
});

describe('findHotPaths', () => {
  it('lists the stacks that weigh most, root first', () => {
    const profile = makeProfile([
      { frames: ['main', 'a', 'b'], weight: 5 },
      { frames: ['main', 'a', 'b'], weight: 5 },
      { frames: ['main', 'a'], weight: 7 },
      { frames: ['main', 'c'], weight: 1 },
    ]);
    const paths = findHotPaths(profile, { limit: 2 });
    expect(
      paths.map(({ frames, weight }) => [frames.map(({ text }) => text).join(), weight]),
    ).toEqual([
      ['main,a,b', 10],
      ['main,a', 7],
    ]);
  });
});

describe('splitThreads', () => {
  it.each([1, 2])('gives each thread its samples, the heaviest first (seed %i)', (seed) => {
    const profile = random(seed);
    const parts = splitThreads(profile);
    const weights = parts.map((part) => sumSamples(part.profile.samples).weight);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    expect(weights.reduce((a, b) => a + b)).toBe(sumSamples(profile.samples).weight);
    expect(new Set(parts.map(({ thread }) => thread.tid))).toEqual(new Set([0, 1, 2]));
  });
});
