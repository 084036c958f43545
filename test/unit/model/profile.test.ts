import { describe, expect, it } from 'vitest';
import { buildCallTree, type CallTree } from '../../../src/model/call-tree.ts';
import { filterProfile } from '../../../src/model/filter.ts';
import { sumByFunction } from '../../../src/model/function-totals.ts';
import { mergeProfiles } from '../../../src/model/merge.ts';
import { PairIndex } from '../../../src/model/pair-index.ts';
import { FrameFlag, sumSamples } from '../../../src/model/profile-data.ts';
import { compareBytes } from '../../../src/model/text.ts';
import { makeProfile } from './make-profile.ts';
import { Random } from './random.ts';

/** The tree as lines "depth name total/self". */
const show = (tree: CallTree) =>
  Array.from({ length: tree.length }, (_, node) => {
    const name = tree.labels[tree.label[node] as number]?.text || 'all';
    return `${tree.depth[node]} ${name} ${tree.totalWeight[node]}/${tree.selfWeight[node]}`;
  });

describe('PairIndex', () => {
  it('gives equal pairs equal ids and new pairs new ones, as a Map does', () => {
    const random = new Random(1);
    const index = new PairIndex();
    const reference = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const [a, b] = [
        random.below(200),
        random.below(2) ? random.below(100) : 2 ** 32 - 1 - random.below(9),
      ];
      const expected = reference.get(`${a},${b}`) ?? reference.size;
      reference.set(`${a},${b}`, expected);
      expect(index.intern(a, b)).toBe(expected);
    }
    expect(index.size).toBe(reference.size);
  });
});

describe('compareBytes', () => {
  it('orders as UTF-8 bytes do', () => {
    const random = new Random(2);
    for (let i = 0; i < 5000; i++) {
      const [a, b] = [random.hostileName(), random.hostileName()].map((s) =>
        s.replace(/\p{Cs}/gu, ''),
      );
      const expected = Buffer.compare(Buffer.from(a ?? ''), Buffer.from(b ?? ''));
      expect(Math.sign(compareBytes(a ?? '', b ?? ''))).toBe(expected);
    }
    expect(compareBytes('\uffff', '😀')).toBeLessThan(0);
  });
});

describe('buildCallTree', () => {
  it('merges equal callers whatever their siblings are called', () => {
    // Sorting lines of text puts foo2 between the two, and neighbour merging then draws foo twice.
    const tree = buildCallTree(
      makeProfile([
        { frames: ['foo'], weight: 10 },
        { frames: ['foo2', 'bar'], weight: 5 },
        { frames: ['foo', 'baz'], weight: 7 },
      ]),
    );
    expect(show(tree)).toEqual([
      '0 all 22/0',
      '1 foo 17/10',
      '2 baz 7/7',
      '1 foo2 5/0',
      '2 bar 5/5',
    ]);
  });

  it('is the same for every order of samples', () => {
    const random = new Random(3);
    const samples = Array.from({ length: 300 }, () => ({
      frames: Array.from({ length: random.below(6) }, () => `f${random.below(8)}`),
      weight: random.below(1000),
    }));
    const expected = show(buildCallTree(makeProfile(samples)));
    for (let i = 0; i < 5; i++) {
      const shuffled = samples.map((s) => ({ s, at: random.next() })).sort((a, b) => a.at - b.at);
      expect(show(buildCallTree(makeProfile(shuffled.map(({ s }) => s))))).toEqual(expected);
    }
  });

  it('keeps recursion, and takes inlined and called frames of one function as one', () => {
    const f = { name: 'f', script: '/a.js', line: 1 };
    const tree = buildCallTree(
      makeProfile([
        { frames: [f, f, { ...f, flags: FrameFlag.inlined }], weight: 1 },
        { frames: [f, { ...f, flags: FrameFlag.inlined, executing: 7 }, f], weight: 2 },
      ]),
    );
    expect(show(tree)).toEqual([
      '0 all 3/0',
      '1 f (/a.js:1) 3/0',
      '2 f (/a.js:1) 3/0',
      '3 f (/a.js:1) 3/3',
    ]);
  });

  it('roots stacks by thread on request', () => {
    const profile = makeProfile([
      { frames: ['a'], weight: 1 },
      { frames: ['a'], weight: 2, thread: 42 },
      { frames: [], weight: 4, thread: 42 },
    ]);
    expect(show(buildCallTree(profile, { threads: true }))).toEqual([
      '0 all 7/0',
      '1 thread (0): main 1/0',
      '2 a 1/1',
      '1 thread (42): worker 6/0',
      '2 (program) 4/4',
      '2 a 2/2',
    ]);
    expect(show(buildCallTree(profile))).toEqual(['0 all 7/0', '1 (program) 4/4', '1 a 3/3']);
  });

  it.each(['weight', 'samples'] as const)('accounts for all it leaves out, by %s', (metric) => {
    const random = new Random(5);
    const samples = Array.from({ length: 2000 }, () => ({
      frames: Array.from({ length: random.below(6) }, () => `f${random.below(9)}`),
      weight: random.below(1000),
      ticks: random.below(4),
    }));
    const profile = makeProfile(samples);
    const whole = buildCallTree(profile);
    const tree = buildCallTree(profile, { prune: { metric, minTotal: 500 } });
    const total = (of: CallTree) => (metric === 'weight' ? of.totalWeight : of.totalSamples);
    const isWide = (node: number) => (total(whole)[node] as number) >= 500;
    expect(tree.length).toBe(
      Array.from({ length: whole.length }, (_, node) => node).filter(isWide).length,
    );
    const { omitted } = tree;
    if (omitted === undefined) throw new Error('nothing says what was left out');
    const [children, callees] = [new Float64Array(tree.length), new Float64Array(tree.length)];
    for (let node = 1; node < tree.length; node++) {
      const up = tree.parent[node] as number;
      children[up] = (children[up] as number) + (tree.totalWeight[node] as number);
    }
    let frames = 0;
    const self = Array.from(omitted.selfWeightByLabel).reduce((a, b) => a + b);
    for (let node = 0; node < tree.length; node++) {
      frames += 1 + (omitted.frames[node] as number);
      callees[node] = (children[node] as number) + (omitted.weight[node] as number);
      expect((callees[node] as number) + (tree.selfWeight[node] as number)).toBe(
        tree.totalWeight[node],
      );
    }
    expect(frames).toBe(whole.length);
    expect(self + Array.from(tree.selfWeight).reduce((a, b) => a + b)).toBe(whole.totalWeight[0]);
  });

  it('folds stacks of 100,000 frames', () => {
    const frames = Array.from({ length: 100_000 }, (_, i) => `f${i % 7}`);
    expect(buildCallTree(makeProfile([{ frames }])).length).toBe(100_001);
  });
});

describe('sumByFunction', () => {
  it('counts recursion once and joins what several threads call', () => {
    const f = { name: 'f', script: '/a.js', line: 1, column: 5 };
    const rows = sumByFunction(
      makeProfile([
        { frames: ['main', f, f, f], weight: 5 },
        { frames: ['main', f, 'g'], weight: 2, thread: 9 },
      ]),
    );
    expect(rows.map((r) => [r.name, r.selfWeight, r.totalWeight, r.totalSamples])).toEqual([
      ['f', 5, 7, 2],
      ['g', 2, 2, 1],
      ['main', 0, 7, 2],
    ]);
  });

  it('sorts by total, cuts to the limit and counts samples without frames', () => {
    const profile = makeProfile([
      { frames: ['a', 'b'], weight: 3 },
      { frames: [], weight: 9 },
    ]);
    expect(sumByFunction(profile, { sort: 'total' }).map((r) => r.name)).toEqual([
      '(program)',
      'b',
      'a',
    ]);
    expect(sumByFunction(profile, { limit: 1 }).map((r) => r.totalWeight)).toEqual([9]);
    expect(sumByFunction(makeProfile([]))).toEqual([]);
  });

  it('gives self weights that add up to the whole', () => {
    const random = new Random(4);
    const profile = makeProfile(
      Array.from({ length: 500 }, () => ({
        frames: Array.from({ length: random.below(9) }, () => random.hostileName()),
        weight: random.below(1e9),
      })),
    );
    const self = sumByFunction(profile).reduce((sum, row) => sum + row.selfWeight, 0);
    expect(self).toBe(sumSamples(profile.samples).weight);
  });
});

describe('filterProfile', () => {
  const profile = makeProfile([
    { frames: ['main', 'parse'], weight: 1 },
    { frames: ['main', 'emit'], weight: 2 },
    { frames: [], weight: 4 },
  ]);
  const kept = (options: Parameters<typeof filterProfile>[1]) =>
    sumSamples(filterProfile(profile, options).samples).weight;

  it('keeps stacks with an included and without an excluded frame', () => {
    expect(kept({ include: ['main'] })).toBe(3);
    expect(kept({ include: ['main'], exclude: ['EMIT', /^parse$/] })).toBe(2);
    expect(kept({ exclude: [/emit/gy] })).toBe(5);
    expect(kept({ include: ['program'] })).toBe(4);
    expect(kept({})).toBe(7);
  });

  it('refuses a bad pattern by name', () => {
    expect(() => kept({ include: ['('] })).toThrow(/bad pattern "\("/);
  });
});

describe('mergeProfiles', () => {
  it('keeps all weight, sums counters and shifts times to the earliest start', () => {
    const a = makeProfile(
      [{ frames: ['x'], weight: 1 }],
      { startTimeMs: 1000, pid: 1 },
      { cpuNs: 3, lost: { ringFull: 1 } },
    );
    const b = makeProfile(
      [{ frames: ['x'], weight: 2 }],
      { startTimeMs: 500, pid: 2 },
      { cpuNs: 4, lost: { ringFull: 2 } },
    );
    const merged = mergeProfiles([a, b]);
    expect(merged.samples.length).toBe(2);
    expect(merged.counters).toEqual({ cpuNs: 7, lost: { ringFull: 3 } });
    expect(Array.from(merged.samples.timeNs)).toEqual([5e8, 0]);
    expect(merged.meta).toEqual({ unit: 'nanoseconds', mode: 'cpu', startTimeMs: 500 });
    expect(show(buildCallTree(merged))).toEqual(['0 all 3/0', '1 x 3/3']);
  });

  it('refuses to add times and counts', () => {
    const times = makeProfile([]);
    expect(() => mergeProfiles([times, makeProfile([], { unit: 'count' })])).toThrow(
      /can't be merged/,
    );
  });
});
