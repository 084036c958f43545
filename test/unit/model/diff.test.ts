import { describe, expect, it } from 'vitest';
import type { ProfileDiff } from '../../../src/model/diff/diff-types.ts';
import { matchFunctions } from '../../../src/model/diff/match-functions.ts';
import { diffProfiles } from '../../../src/model/diff/profile-diff.ts';
import { sampleSize } from '../../../src/model/diff/sample-size.ts';
import type { FunctionIdentity } from '../../../src/model/function-rows.ts';
import { ProfileBuilder } from '../../../src/model/profile-builder.ts';
import { FunctionKind, type ProfileData, type StackId } from '../../../src/model/profile-data.ts';
import { makeProfile } from './make-profile.ts';
import { Random } from './random.ts';

const FUNCTIONS = 12;

/**
 * A program that stays in one function for a while: neighbouring samples are alike, so that a run of 2000 says as much as
 * some 130 independent ones.
 * @param slowdown how much longer function 0 takes
 */
function burstyRun(seed: number, samples = 2000, slowdown = 1): ProfileData {
  const random = new Random(seed);
  const builder = new ProfileBuilder();
  const thread = builder.addThread({ tid: 1, kind: 'main', name: '' });
  const frame = (name: string) =>
    builder.internFrame(builder.internFunction({ name, kind: FunctionKind.javascript }));
  const root = builder.internStack(0 as StackId, frame('main'));
  const stacks = Array.from({ length: FUNCTIONS }, (_, i) =>
    builder.internStack(root, frame(`f${i}`)),
  );
  let left = 0;
  let at = 0;
  for (let sample = 0; sample < samples; sample++) {
    if (left-- <= 0) {
      at = Math.floor(FUNCTIONS * random.next() ** 2);
      left = Math.round((1 + random.below(20)) * (at === 0 ? slowdown : 1));
    }
    builder.addSample({ stack: stacks[at] as StackId, weight: 1e6, thread, timeNs: sample * 1e6 });
  }
  return builder.build(
    { unit: 'nanoseconds', mode: 'cpu' },
    { durationNs: samples * 1e6, lost: {} },
  );
}

const significant = (diff: ProfileDiff) =>
  diff.functions.filter(({ self, total }) => self.significant || total.significant);
const change = (diff: ProfileDiff, name: string) => {
  const found = diff.functions.find((row) => row.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

describe('significance', () => {
  // Promised: of comparisons of equal programs at most 5 % find anything. Of 120 more than 18 would then be found with a
  // probability of 2e-5.
  it('finds no more between equal programs than is promised, though neighbouring samples are alike', () => {
    let found = 0;
    for (let pair = 0; pair < 120; pair++) {
      const diff = diffProfiles([burstyRun(2 * pair)], [burstyRun(2 * pair + 1)], { noise: 0 });
      expect(diff.base.method).toBe('parts');
      if (significant(diff).length > 0) found++;
    }
    expect(found).toBeLessThanOrEqual(18);
  });

  it('finds no more between equal programs of several recordings than is promised', () => {
    let found = 0;
    for (let pair = 0; pair < 100; pair++) {
      const run = (side: number) => [0, 1, 2].map((i) => burstyRun(1000 + 6 * pair + 3 * side + i));
      const diff = diffProfiles(run(0) as [ProfileData], run(1) as [ProfileData]);
      expect(diff.base.method).toBe('recordings');
      if (significant(diff).length > 0) found++;
    }
    // 5 % of 100; more than 16 have a probability of 1e-5.
    expect(found).toBeLessThanOrEqual(16);
  });

  it('finds a function that takes half as long again, and no other', () => {
    const diff = diffProfiles([burstyRun(1, 100_000)], [burstyRun(2, 100_000, 1.5)], {
      sort: 'self',
    });
    expect(diff.functions[0]?.name).toBe('f0');
    expect(change(diff, 'f0').self).toMatchObject({ significant: true });
    expect(change(diff, 'f0').self.delta).toBeGreaterThan(0);
  });

  it('holds the true difference in its interval as often as it says', () => {
    // Shares of f0 in the long run, from a run of 200,000 samples each.
    const share = (slowdown: number) =>
      change(diffProfiles([burstyRun(91, 2e5, slowdown)], [burstyRun(92, 10)]), 'f0').self.base;
    const truth = share(1.3) - share(1);
    let held = 0;
    for (let pair = 0; pair < 100; pair++) {
      const [a, b] = [burstyRun(5000 + pair), burstyRun(6000 + pair, 2000, 1.3)];
      const { delta, margin = 0 } = change(diffProfiles([a], [b]), 'f0').self;
      if (Math.abs(delta - truth) <= margin) held++;
    }
    // 95 of 100; less than 84 have a probability of 1e-5.
    expect(held).toBeGreaterThanOrEqual(84);
  });

  it('says nothing of functions with too few samples, nor of tiny profiles', () => {
    const base = makeProfile([{ frames: ['a'] }, { frames: ['b'] }]);
    const diff = diffProfiles([base], [makeProfile([{ frames: ['a'] }, { frames: ['c'] }])]);
    for (const { self, total } of diff.functions) {
      expect([self.pValue, self.margin, self.significant]).toEqual([undefined, undefined, false]);
      expect(total.significant).toBe(false);
    }
    expect(diff.notes.join()).toMatch(/base profile has only 2 samples.*new profile has only 2/);
  });

  it('calls nothing significant in time per second of single recordings, whose load nobody knows', () => {
    const [a, b] = [burstyRun(1, 20_000), burstyRun(2, 20_000, 4)];
    const diff = diffProfiles([a], [b], { normalize: 'second' });
    expect(significant(diff)).toEqual([]);
    expect(diff.whole?.pValue).toBeUndefined();
    expect(diff.notes.join()).toMatch(/give several of each/);
    const several = diffProfiles(
      [a, burstyRun(3, 20_000), burstyRun(4, 20_000)],
      [b, burstyRun(5, 20_000, 4), burstyRun(6, 20_000, 4)],
      { normalize: 'second' },
    );
    expect(change(several, 'f0').self.significant).toBe(true);
  });
});

describe('diffProfiles', () => {
  const base = makeProfile([
    { frames: ['main', 'kept'], weight: 60 },
    { frames: ['main', 'gone'], weight: 40 },
  ]);
  const next = makeProfile([
    { frames: ['main', 'kept'], weight: 150 },
    { frames: ['main', 'fresh'], weight: 50 },
  ]);

  it('compares shares, own and inclusive, and shows what is new and what is gone', () => {
    const diff = diffProfiles([base], [next]);
    expect(diff.unit).toBe('fraction');
    expect(change(diff, 'kept')).toMatchObject({ status: 'both', self: { base: 0.6, new: 0.75 } });
    expect(change(diff, 'kept').self.delta).toBeCloseTo(0.15, 12);
    expect(change(diff, 'kept').self.relative).toBeCloseTo(0.25, 12);
    expect(change(diff, 'gone')).toMatchObject({ status: 'gone', total: { base: 0.4, new: 0 } });
    expect(change(diff, 'fresh')).toMatchObject({
      status: 'new',
      self: { base: 0, relative: undefined },
    });
    expect(change(diff, 'main').total).toMatchObject({ base: 1, new: 1, delta: 0 });
  });

  it('compares times of a recording, and times per second', () => {
    const timed = (profile: ProfileData, durationNs: number) => ({
      ...profile,
      counters: { lost: {}, durationNs },
    });
    const recording = diffProfiles([base, base], [next], { normalize: 'recording' });
    expect(change(recording, 'kept').total).toMatchObject({ base: 60, new: 150 });
    expect(recording.whole).toMatchObject({ base: 100, new: 200, relative: 1 });
    const second = diffProfiles([timed(base, 2e9)], [timed(next, 1e9)], { normalize: 'second' });
    expect(change(second, 'kept').total).toMatchObject({ base: 30, new: 150 });
    expect(second.unit).toBe('nanoseconds/second');
  });

  it('is the same turned round, but for signs', () => {
    const [a, b] = [burstyRun(1), burstyRun(2, 2000, 1.5)];
    const there = diffProfiles([a], [b]);
    const back = diffProfiles([b], [a]);
    for (const row of there.functions) {
      const other = change(back, row.name);
      expect(other.self.delta).toBeCloseTo(-row.self.delta, 12);
      expect(other.self.pValue ?? -1).toBeCloseTo(row.self.pValue ?? -1, 10);
    }
  });

  it('refuses what cannot be compared, and wrong options', () => {
    const wall = makeProfile([{ frames: ['a'] }], { mode: 'wall' });
    const counts = makeProfile([{ frames: ['a'] }], { unit: 'count' });
    expect(() => diffProfiles([base], [wall])).toThrow(/CPU time, another of elapsed time/);
    expect(() => diffProfiles([base], [counts], { normalize: 'recording' })).toThrow(
      /only their shares/,
    );
    expect(diffProfiles([base], [counts]).notes.join()).toMatch(/one profile is of times/);
    expect(() => diffProfiles([base], [next], { normalize: 'second' })).toThrow(/how long it took/);
    expect(() => diffProfiles([base], [next], { confidence: 1 })).toThrow(/confidence must be/);
    expect(() => diffProfiles([base], [next], { noise: -1 })).toThrow(/noise must be/);
    expect(() => diffProfiles([base], [next], { normalize: 'x' as 'share' })).toThrow(
      /normalize must/,
    );
  });

  it('tells that rates differ and that a side is empty', () => {
    const slow = makeProfile([{ frames: ['a'] }], { rateHz: 100 });
    const fast = makeProfile([], { rateHz: 1000 });
    const { notes, functions } = diffProfiles([slow], [fast]);
    expect(notes.join()).toMatch(/100 and 1000 Hz.*new profile has no samples/);
    expect(functions.map(({ status }) => status)).toEqual(['gone']);
  });
});

describe('sampleSize', () => {
  const folded = (weights: readonly number[]) => {
    const builder = new ProfileBuilder();
    const thread = builder.addThread({ tid: 0, kind: 'main', name: '' });
    weights.forEach((weight, i) => {
      const fn = builder.internFunction({ name: `f${i}`, kind: FunctionKind.special });
      const stack = builder.internStack(0 as StackId, builder.internFrame(fn));
      builder.addSample({ stack, weight, ticks: weight, thread });
    });
    return builder.build({ unit: 'count', mode: 'cpu' });
  };

  it('takes small counts for samples and large ones for time', () => {
    expect(sampleSize(folded([100, 50, 1, 1, 2]))).toBe(154);
    expect(sampleSize(folded([400, 600]))).toBe(1000);
    // Microseconds at 100 Hz: the small stacks were seen once.
    const microseconds = folded([10_000, 10_000, 10_000, 170_000, 800_000]);
    expect(sampleSize(microseconds)).toBe(100);
  });

  it('counts unequal weights for less', () => {
    expect(
      sampleSize(
        makeProfile([
          { frames: ['a'], weight: 9 },
          { frames: ['a'], weight: 1 },
        ]),
      ),
    ).toBeCloseTo(100 / 82, 9);
  });
});

describe('matchFunctions', () => {
  const fn = (name: string, line: number): FunctionIdentity => ({
    name,
    path: 'a.js',
    line,
    column: 0,
    category: 'app',
  });

  it('knows a function again on another line', () => {
    expect(matchFunctions([fn('f', 10)], [fn('f', 99)])).toEqual([{ base: 0, next: 0 }]);
  });

  it('pairs functions of one name by unchanged lines, then by their order', () => {
    const [base, next] = [
      [fn('(anonymous)', 5), fn('(anonymous)', 10), fn('(anonymous)', 20)],
      [fn('(anonymous)', 26), fn('(anonymous)', 5), fn('(anonymous)', 16)],
    ];
    expect(matchFunctions(base, next)).toEqual([
      { base: 0, next: 1 },
      { base: 1, next: 2 },
      { base: 2, next: 0 },
    ]);
  });

  it('guesses nothing where one more has come', () => {
    const pairs = matchFunctions([fn('g', 1)], [fn('g', 2), fn('g', 3)]);
    expect(pairs).toEqual([
      { base: 0, next: -1 },
      { base: -1, next: 0 },
      { base: -1, next: 1 },
    ]);
  });
});
