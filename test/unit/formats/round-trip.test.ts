import { Ajv } from 'ajv';
import { Profile as Pprof } from 'pprof-format';
import { describe, expect, it } from 'vitest';
import { gunzip, isGzip } from '../../../src/formats/gzip.ts';
import { formatByName } from '../../../src/formats/registry.ts';
import {
  FunctionKind,
  type ProfileData,
  type ProfileMeta,
  sumSamples,
} from '../../../src/model/profile-data.ts';
import { wellFormed } from '../../../src/model/text.ts';
import { makeProfile } from '../model/make-profile.ts';
import { hostileNames, Random } from '../model/random.ts';
import { cpuProfileProblems, type RawCpuProfile, selfMicros } from './check-cpuprofile.ts';
import { encodeAs, fold, jsonOf } from './fold.ts';
import { importIntoSpeedscope, readSpeedscopeSchema, selfWeights } from './speedscope-importer.ts';

const META: Partial<ProfileMeta> = {
  nodeVersion: 'v22.1.0',
  rateHz: 250,
  startTimeMs: 1_700_000_000_123,
  title: 'node app.js --flag',
  cwd: '/srv/app',
  filters: ['include x'],
};
const COUNTERS = { durationNs: 4_000_000_000, cpuNs: 12, lost: { ringFull: 3, tableFull: 0 } };
const KINDS = Object.values(FunctionKind);

const PATHS = ['/srv/app/src/a b#c?.js', 'node:internal/fs', '/x/node_modules/y/i.js', 'wasm://q'];

/** Everything a frame may be, in random stacks; weights are whole microseconds, which every format can hold. */
function hostileProfile(seed: number, meta: Partial<ProfileMeta> = META): ProfileData {
  const random = new Random(seed);
  const frames = Array.from({ length: 40 }, () => ({
    name: wellFormed(random.hostileName()),
    kind: random.pick(KINDS),
    script: random.below(3) ? random.pick(PATHS) : wellFormed(random.hostileName()),
    line: random.below(100),
    column: random.below(3) * 7,
    executing: random.below(120),
    flags: random.below(8),
  }));
  return makeProfile(
    Array.from({ length: 120 }, () => ({
      frames: Array.from({ length: random.below(9) }, () => random.pick(frames)),
      weight: random.below(4) ? random.below(5_000_000) * 1000 : 0,
      ticks: 1 + random.below(3),
      thread: random.below(3),
    })),
    meta,
    COUNTERS,
  );
}

const decode = (format: string, bytes: Uint8Array) =>
  formatByName(format).decode?.(isGzip(bytes) ? gunzip(bytes) : bytes, {}) as ProfileData;

const seeds = Array.from({ length: 25 }, (_, seed) => seed);

describe.each(['speedscope', 'cpuprofile', 'pprof'])('%s', (format) => {
  it.each(seeds)('gives back stacks, sums, threads and metadata (seed %i)', (seed) => {
    const profile = hostileProfile(seed);
    const read = decode(format, encodeAs(format, profile));
    expect(sumSamples(read.samples)).toEqual(sumSamples(profile.samples));
    expect(fold(read)).toBe(fold(profile));
    expect(fold(read, { metric: 'samples' })).toBe(fold(profile, { metric: 'samples' }));
    // A thread's name reads as its kind where it has none.
    expect(fold(read, { threads: true })).toBe(fold(profile, { threads: true }));
    expect(read.meta).toEqual(profile.meta);
    expect(read.counters).toEqual(profile.counters);
    expect(read.warnings).toEqual([]);
  });

  it.each(seeds.slice(0, 5))('gives back the same bytes the second time (seed %i)', (seed) => {
    const once = encodeAs(format, hostileProfile(seed));
    const twice = encodeAs(format, decode(format, once));
    expect(encodeAs(format, decode(format, twice)).equals(twice)).toBe(true);
  });

  it('keeps counts of files that count no time', () => {
    const profile = hostileProfile(3, { unit: 'count' });
    const read = decode(format, encodeAs(format, profile));
    expect(read.meta.unit).toBe('count');
    expect(fold(read)).toBe(fold(profile));
  });

  it('roots stacks with threads when asked', () => {
    const profile = hostileProfile(4);
    const read = decode(format, encodeAs(format, profile, { threads: true }));
    expect(fold(read)).toBe(fold(profile, { threads: true }));
  });

  it('writes empty profiles', () => {
    const read = decode(format, encodeAs(format, makeProfile([])));
    expect(sumSamples(read.samples)).toEqual({ weight: 0, samples: 0 });
  });

  it('takes very deep stacks', () => {
    // A node of a .cpuprofile takes a hundred bytes, a frame in a stack of the others a few.
    const depth = format === 'cpuprofile' ? 100_000 : 1_000_000;
    const frames = Array.from({ length: depth }, (_, i) => `f${i % 1000}`);
    const profile = makeProfile([{ frames, weight: 5000 }]);
    const read = decode(format, encodeAs(format, profile));
    expect(read.stacks.length).toBe(profile.stacks.length);
    expect(sumSamples(read.samples)).toEqual({ weight: 5000, samples: 1 });
  });

  it('keeps 200 hostile names apart', () => {
    const random = new Random(11);
    const names = new Set(hostileNames.map(wellFormed));
    while (names.size < 200) names.add(wellFormed(random.hostileName()));
    const profile = makeProfile([...names].map((name) => ({ frames: ['main', name] })));
    const read = decode(format, encodeAs(format, profile));
    expect(fold(read)).toBe(fold(profile));
    expect(new Set(Array.from(read.stacks.frame).slice(1)).size).toBeGreaterThanOrEqual(
      new Set(Array.from(profile.stacks.frame).slice(1)).size - 1,
    );
  });
});

describe('consumers', () => {
  const validate = new Ajv({ strict: false }).compile(readSpeedscopeSchema());

  it.each(seeds)("find speedscope's schema kept (seed %i)", (seed) => {
    validate(jsonOf(encodeAs('speedscope', hostileProfile(seed), { threads: seed % 2 === 0 })));
    expect(validate.errors).toBe(null);
  });

  it.each(seeds.slice(0, 8))("find it whole in speedscope's importer (seed %i)", async (seed) => {
    const profile = hostileProfile(seed);
    const imported = await importIntoSpeedscope(
      'x.speedscope.json',
      encodeAs('speedscope', profile),
    );
    const total = sumSamples(profile.samples).weight;
    expect(imported.reduce((sum, one) => sum + one.getTotalWeight(), 0)).toBe(total);
    const self = imported.flatMap((one) => [...selfWeights(one).values()]);
    expect(self.reduce((sum, weight) => sum + weight, 0)).toBe(total);
    expect(imported.map((one) => one.getWeightUnit())).toEqual(imported.map(() => 'nanoseconds'));
  });

  it.each(seeds.slice(0, 8))('find every frame of pprof in speedscope (seed %i)', async (seed) => {
    const profile = hostileProfile(seed);
    const [imported] = await importIntoSpeedscope('x.pb.gz', encodeAs('pprof', profile));
    const weights = selfWeights(imported as NonNullable<typeof imported>);
    const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
    expect(sum).toBe(sumSamples(profile.samples).weight);
    expect(imported?.getWeightUnit()).toBe('nanoseconds');
  });

  it.each(seeds)('find nothing wrong with a .cpuprofile (seed %i)', (seed) => {
    const profile = hostileProfile(seed);
    const file = jsonOf(encodeAs('cpuprofile', profile)) as unknown as RawCpuProfile;
    expect(cpuProfileProblems(file)).toEqual([]);
    const micros = [...selfMicros(file).values()].reduce((sum, own) => sum + own, 0);
    expect(micros * 1000).toBe(sumSamples(profile.samples).weight);
    expect(file.endTime - file.startTime).toBe(micros);
  });

  it.each(seeds)('find what pprof demands (seed %i)', (seed) => {
    const profile = hostileProfile(seed);
    const bytes = encodeAs('pprof', profile);
    const file = Pprof.decode(gunzip(bytes));
    const { strings } = file.stringTable;
    const text = (index: number | bigint) => strings[Number(index)];
    expect(strings[0]).toBe('');
    expect(file.sampleType.map(({ type, unit }) => [text(type), text(unit)])).toEqual([
      ['samples', 'count'],
      ['cpu', 'nanoseconds'],
    ]);
    expect(text(file.defaultSampleType)).toBe('cpu');
    expect(Number(file.period)).toBe(4_000_000);
    expect(Number(file.timeNanos)).toBe(1_700_000_000_123_000_000);
    expect(Number(file.durationNanos)).toBe(4_000_000_000);
    const locations = new Map(file.location.map((location) => [Number(location.id), location]));
    const functions = new Map(file.function.map((fn) => [Number(fn.id), fn]));
    const mappings = new Set(file.mapping.map(({ id }) => Number(id)));
    expect([locations, functions].some((ids) => ids.has(0))).toBe(false);
    expect(locations.size).toBe(file.location.length);
    expect(functions.size).toBe(file.function.length);
    for (const { line, mappingId } of file.location) {
      expect(line).toHaveLength(1);
      expect(functions.has(Number(line[0]?.functionId))).toBe(true);
      expect(mappings.has(Number(mappingId))).toBe(true);
    }
    for (const { locationId, value } of file.sample) {
      expect(value).toHaveLength(2);
      expect(locationId.every((id) => locations.has(Number(id)))).toBe(true);
    }
  });
});
