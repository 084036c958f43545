import { describe, expect, it } from 'vitest';
import { decodeCpuProfile } from '../../../src/formats/cpuprofile-decoder.ts';
import { type ProfileData, sumSamples } from '../../../src/model/profile-data.ts';
import { makeProfile } from '../model/make-profile.ts';
import type { RawCpuProfile } from './check-cpuprofile.ts';
import { encodeAs, fold, jsonOf } from './fold.ts';

const decode = (file: unknown, lenient = false): ProfileData =>
  decodeCpuProfile(Buffer.from(JSON.stringify(file)), { lenient });

interface NodeInShort {
  readonly name: string;
  readonly line?: number;
  readonly url?: string;
  readonly children?: readonly number[];
  /** Ticks by line. */
  readonly ticks?: Readonly<Record<number, number>>;
}

/** A file as V8 writes it: nodes numbered from 1, one sample a millisecond. */
function v8File(nodes: readonly NodeInShort[], samples: readonly number[]) {
  return {
    nodes: nodes.map(({ name, line = 0, url, children, ticks = {} }, index) => ({
      id: index + 1,
      callFrame: {
        functionName: name,
        scriptId: line > 0 ? '7' : '0',
        url: url ?? (line > 0 ? 'file:///app.js' : ''),
        lineNumber: line - 1,
        columnNumber: line > 0 ? 10 : -1,
      },
      hitCount: samples.filter((id) => id === index + 1).length,
      children,
      positionTicks: Object.entries(ticks).map(([at, count]) => ({
        line: Number(at),
        ticks: count,
      })),
    })),
    startTime: 1_000_000,
    endTime: 1_000_000 + samples.length * 1000,
    samples,
    timeDeltas: samples.map((_, index) => (index === 0 ? 0 : 1000)),
  };
}

const small = () =>
  v8File(
    [{ name: '(root)', children: [2, 3] }, { name: '(program)' }, { name: 'main', line: 3 }],
    [2, 3, 3],
  );

describe('encodeCpuProfile', () => {
  it('gives each sample the time until the next, the last until the end', () => {
    const profile = makeProfile([
      { frames: ['a'], weight: 1_500_000 },
      { frames: ['a', 'b'], weight: 499_600 },
      { frames: [], weight: 300_900 },
    ]);
    const file = jsonOf(encodeAs('cpuprofile', profile)) as unknown as RawCpuProfile;
    expect(file.timeDeltas).toEqual([0, 1500, 500]);
    expect(file.endTime - file.startTime).toBe(2301);
    const names = file.samples.map(
      (id) => file.nodes.find((node) => node.id === id)?.callFrame.functionName,
    );
    expect(names).toEqual(['a', 'b', '(program)']);
  });

  it('counts lines of functions from 0, of ticks from 1, and names scripts by URL', () => {
    const script = '/srv/my app/a.js';
    const frame = { name: 'f', script, line: 5, column: 3, executing: 9 };
    const file = jsonOf(
      encodeAs('cpuprofile', makeProfile([{ frames: [{ ...frame, script: '/srv/a.js' }] }])),
    ) as unknown as RawCpuProfile;
    expect(file.nodes[1]).toEqual({
      id: 2,
      callFrame: {
        functionName: 'f',
        scriptId: '1',
        url: 'file:///srv/a.js',
        lineNumber: 4,
        columnNumber: 2,
      },
      hitCount: 1,
      positionTicks: [{ line: 9, ticks: 1 }],
    });
    const profile = makeProfile([{ frames: [frame] }]);
    expect(fold(decode(jsonOf(encodeAs('cpuprofile', profile))))).toBe(fold(profile));
  });

  it('loses no time of samples shorter than a microsecond', () => {
    const samples = Array.from({ length: 1000 }, () => ({ frames: ['a'], weight: 499 }));
    const file = jsonOf(encodeAs('cpuprofile', makeProfile(samples))) as unknown as RawCpuProfile;
    expect(file.endTime - file.startTime).toBe(499);
  });
});

describe('decodeCpuProfile', () => {
  it("reads V8's files: wall time, the root being no frame", () => {
    const profile = decode(small());
    expect(fold(profile)).toBe('(program) 1000\nmain (/app.js:3) 2000\n');
    expect(profile.meta).toEqual({ unit: 'nanoseconds', mode: 'wall' });
    expect(profile.counters.durationNs).toBe(3_000_000);
  });

  it('lets time stand still where the clock steps back', () => {
    const file = { ...small(), timeDeltas: [0, 2000, -500] };
    const profile = decode(file);
    expect(Array.from(profile.samples.weight)).toEqual([2_000_000, 0, 1_000_000]);
  });

  it('reads files that have hit counts only, and links upwards', () => {
    const { nodes } = small();
    const profile = decode({
      nodes: nodes.map(({ children: _, ...node }) =>
        node.id === 1 ? node : { ...node, parent: 1 },
      ),
    });
    expect(profile.meta.unit).toBe('count');
    expect(fold(profile)).toBe('(program) 1\nmain (/app.js:3) 2\n');
  });

  it('shows the executing lines that ticks tell', () => {
    const file = v8File(
      [
        { name: '(root)', children: [2] },
        { name: 'f', line: 3, ticks: { 4: 3, 8: 1 } },
      ],
      [2, 2, 2, 2],
    );
    expect(fold(decode(file), { lines: true })).toBe('f (/app.js:4) 3000\nf (/app.js:8) 1000\n');
  });

  const inlined = (lines: { leaf: number; outer: number }, ticks: Record<number, number>) =>
    v8File(
      [
        { name: '(root)', children: [2] },
        { name: 'outer', line: lines.outer, children: [3], ticks },
        { name: 'mid', line: 20, children: [4] },
        { name: 'leaf', line: lines.leaf, ticks: { [lines.leaf + 1]: 1 } },
      ],
      [4, ...Object.entries(ticks).flatMap(([, count]) => Array(count).fill(2))],
    );

  it('gives ticks on lines of an inlined function to it, through those it was called by', () => {
    const profile = decode(inlined({ leaf: 10, outer: 30 }, { 11: 6, 32: 2 }));
    expect(fold(profile)).toBe(
      'outer (/app.js:30) 2000\nouter (/app.js:30);mid (/app.js:20);leaf (/app.js:10) 7000\n',
    );
    const below = decode(inlined({ leaf: 50, outer: 30 }, { 51: 6, 32: 2 }));
    expect(fold(below)).toMatch(/leaf \(\/app.js:50\) 7000\n$/);
  });

  it('leaves ticks where the profile does not tell whose they are', () => {
    // Line 12 was never seen as a line of leaf.
    expect(fold(decode(inlined({ leaf: 10, outer: 30 }, { 12: 6 })))).toMatch(
      /^outer \(\/app.js:30\) 6000\n/,
    );
    // Line 31 is both: the callback of a loop stands on the line of the loop.
    const sameLine = v8File(
      [
        { name: '(root)', children: [2] },
        { name: 'outer', line: 30, children: [3], ticks: { 31: 6 } },
        { name: '', line: 31, ticks: { 31: 1 } },
      ],
      [3, 2, 2, 2, 2, 2, 2],
    );
    expect(fold(decode(sameLine))).toMatch(/^outer \(\/app.js:30\) 6000\n/);
  });

  it.each([
    ['nodes', { samples: [] }, '"nodes" is missing'],
    [
      'a cycle',
      v8File([{ name: 'a' }, { name: 'b', children: [3] }, { name: 'c', children: [2] }], []),
      'node 2 is its own ancestor',
    ],
    [
      'a node that is its own child',
      v8File([{ name: 'a', children: [1] }], []),
      'node 1 is its own ancestor',
    ],
    [
      'two parents',
      v8File([{ name: 'a', children: [3] }, { name: 'b', children: [3] }, { name: 'c' }], []),
      'node 3 is a child of two nodes',
    ],
    [
      'an unknown child',
      v8File([{ name: 'a', children: [9] }], []),
      'node 1 has the child 9, which is none',
    ],
    [
      'equal ids',
      { ...small(), nodes: [small().nodes[0], small().nodes[0]] },
      'two nodes have the id 1',
    ],
    [
      'an id that is text',
      { ...small(), nodes: [{ ...small().nodes[0], id: '1' }] },
      '"id" of node 0 is "1"',
    ],
    [
      'a sample of no node',
      { ...small(), samples: [2, 99, 3] },
      'sample 1 is of node 99, which is none',
    ],
    ['fewer deltas', { ...small(), timeDeltas: [1] }, 'there are 3 samples and 1 time deltas'],
    [
      'a delta that is text',
      { ...small(), timeDeltas: [0, 'x', 1] },
      'time delta 1 is "x", no number',
    ],
    ['a huge delta', { ...small(), timeDeltas: [0, 1e300, 1] }, 'sample 1 is later than 104 days'],
    ['no end', { ...small(), endTime: undefined }, '"endTime" is undefined, no number'],
    [
      'a negative count',
      { nodes: [{ id: 1, callFrame: {}, hitCount: -4 }] },
      '"hitCount" of node 1 is -4',
    ],
    ['no call frame', { nodes: [{ id: 1 }] }, 'node 1 has no "callFrame"'],
  ])('refuses %s, naming the place', (_, file, message) => {
    expect(() => decode(file)).toThrow(message);
  });

  it('says where less is in the file than was taken', () => {
    expect(decode(small()).warnings).toEqual([]);
    expect(decode({ ...small(), endTime: 1_001_500 }).warnings).toEqual([
      'it ends before its last sample, which therefore has no time',
    ]);
    const cut = { ...small(), samples: [2, 3], timeDeltas: [0, 1000] };
    expect(decode(cut).warnings).toEqual(['1 hits of nodes have no sample; their time is unknown']);
  });

  it('skips and counts what it cannot use when lenient', () => {
    const profile = decode({ ...small(), samples: [2, 99, 3] }, true);
    expect(profile.warnings).toEqual([
      '1 references and samples skipped; the first is sample 1 is of node 99, which is none',
    ]);
    expect(sumSamples(profile.samples).weight).toBe(2_000_000);
  });
});
