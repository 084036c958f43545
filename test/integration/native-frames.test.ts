// With --native: the C and C++ frames under, between and on top of JavaScript's, against the CPU time that the program
// measured itself.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { NODE_VERSIONS } from '../../scripts/fetch-nodes.mjs';
import { FunctionKind } from '../../src/model/profile-data.ts';
import { attachProgram } from './attached-program.ts';
import { useNative } from './native-fixture.ts';
import {
  hasFrame,
  type Recorded,
  recordProgram,
  type Sample,
  unusableShare,
  weightOf,
} from './recorded-program.ts';
import { useSharedFolder } from './sigprof-process.ts';
import { rareShareBound } from './statistics.ts';

const folder = useSharedFolder();
const addon = useNative('nested', 'addon');
const library = useNative('hot_library', 'library');
const bareLibrary = useNative('hot_library', 'bare library');

const PHASES = ['inC', 'throughC', 'digest', 'readZeros'];

/** The addon by a name that does not depend on the run, for it is in the frames. */
function plainAddon(): string {
  const path = join(folder.path, 'nested.node');
  copyFileSync(addon.path, path);
  return path;
}

function record(version: string, ...recordFlags: string[]): Promise<Recorded> {
  const args = [plainAddon()];
  return recordProgram('native.cjs', { folder: folder.path, version, args, recordFlags });
}

/** Frames of these names, in this order, others between them. */
const hasFrames =
  (...names: string[]) =>
  ({ frames }: Sample): boolean => {
    let next = 0;
    for (const { name } of frames) {
      if (name === names[next]) next++;
    }
    return next === names.length;
  };

const fromStart = (...names: string[]) => hasFrames('_start [node]', ...names);
const inModule = ({ frames }: Sample) => frames.some(({ name }) => name.endsWith('[nested.node]'));
const hasName = (pattern: RegExp) => (sample: Sample) =>
  sample.frames.some(({ name }) => pattern.test(name));
const everything = () => true;

/**
 * Expects the time of a function to stand in samples that pass, but for `otherShare` of it: the phase's own first and
 * last steps, and samples that meet a library which has just been loaded.
 */
function expectPassing(
  samples: readonly Sample[],
  phase: string,
  passes: (sample: Sample) => boolean,
  otherShare = 0.05,
): void {
  const all = samples.filter(hasFrame(phase));
  const others = 1 - weightOf(all, passes) / weightOf(all, everything);
  const weights = all.map(({ weightNs }) => weightNs);
  expect(others, phase).toBeLessThan(rareShareBound(otherShare, weights));
}

/** What the program measured is what the profile says, but for the samples across the begin and the end of each phase. */
function expectMeasured({ ended, samples }: Recorded, phases: readonly string[]): void {
  const spentMs = JSON.parse(ended.stdout) as Record<string, number>;
  expect(Object.keys(spentMs)).toEqual(phases);
  const longest = Math.max(...samples.map(({ weightNs }) => weightNs));
  for (const phase of phases) {
    const ms = weightOf(samples, hasFrame(phase)) / 1e6;
    expect(Math.abs(ms - (spentMs[phase] as number)), phase).toBeLessThan((2 * longest) / 1e6);
  }
}

describe.each(NODE_VERSIONS)('with --native, Node %s', (version) => {
  let recorded: Recorded;
  let samples: readonly Sample[];
  beforeAll(async () => {
    recorded = await record(version, '--native');
    samples = recorded.samples;
  });

  test('JavaScript functions have the time the program measured', () =>
    expectMeasured(recorded, PHASES));

  test('C called from JavaScript stands on it', () => {
    const inC = fromStart('inC', 'burn_in_c [nested.node]', 'spin_in_c [nested.node]');
    expectPassing(samples, 'inC', inC);
  });

  test('JavaScript called from C stands on it', () => {
    const throughC = fromStart('throughC', 'call_from_c [nested.node]', 'calledFromC');
    expectPassing(samples, 'throughC', throughC);
  });

  test('the assembly of OpenSSL stands on the function that asked for it', () => {
    expectPassing(samples, 'digest', fromStart('digest'));
    expectPassing(samples, 'digest', hasName(/^sha512_block_data_order/));
  });

  test('time in the kernel is that of the system call', () => {
    // The rest is the way into the kernel and back, which is long in a virtual machine.
    const inKernel = fromStart('readZeros', 'readSync', 'read [syscall]');
    expectPassing(samples, 'readZeros', inKernel, 0.15);
  });

  test('the work of the pool has its own stacks, from where its thread starts', () => {
    const pool = recorded.nativeSamples.filter(hasName(/PBKDF2/));
    expect(weightOf(pool, everything)).toBeGreaterThan(20e6);
    for (const { frames } of pool) {
      expect(frames[0]?.name).toMatch(/^\(native thread: /);
      expect(frames[1]?.name).toMatch(/^(clone3?|__clone|__clone3|start_thread) /);
    }
  });

  test('stacks are whole', () => {
    const { lost } = recorded.counters;
    const stacks = recorded.samples.length + recorded.nativeSamples.length;
    // Those in a library that has just been loaded, on the main thread and on the pool's.
    expect(lost['brokenNativeStacks'] ?? 0).toBeLessThanOrEqual(3 + 0.005 * stacks);
    expect(unusableShare(recorded)).toBeLessThan(0.01);
  });
});

test('without --native JavaScript functions have the same time, and nothing else is there', async () => {
  const [version = ''] = NODE_VERSIONS;
  const recorded = await record(version);
  expectMeasured(recorded, PHASES);
  expect(recorded.samples.filter(inModule)).toEqual([]);
  for (const phase of PHASES) {
    const samples = recorded.samples.filter(hasFrame(phase));
    expect(weightOf(samples, hasName(/\[(node|libc.*|syscall)\]$/)), phase).toBe(0);
  }
});

// The oldest, the newest, and one between: what differs by version is tested in-process.
const SOME_VERSIONS = NODE_VERSIONS.filter((_, i, { length }) => [0, 2, length - 1].includes(i));

test.each(SOME_VERSIONS)('the stacks are the same from outside, Node %s', async (version) => {
  const args = [plainAddon()];
  const options = { folder: folder.path, version, args, recordArgs: ['-n'] };
  const { samples, counters } = await attachProgram('native.cjs', options);
  // On a busy machine these may be few: where a phase begins, a clock is read or a library is new, one each is another.
  const expectIn = (phase: string, passes: (sample: Sample) => boolean) => {
    const all = samples.filter(hasFrame(phase));
    const passing = all.filter(passes).length;
    expect(passing, phase).toBeGreaterThan(0);
    expect(all.length - passing, phase).toBeLessThanOrEqual(3 + 0.2 * all.length);
  };
  expectIn('inC', fromStart('inC', 'burn_in_c [nested.node]', 'spin_in_c [nested.node]'));
  expectIn('throughC', fromStart('throughC', 'call_from_c [nested.node]', 'calledFromC'));
  expectIn('digest', hasName(/^sha512_block_data_order/));
  expectIn('readZeros', fromStart('readZeros', 'readSync', 'read [syscall]'));
  expect(counters.lost['brokenNativeStacks'] ?? 0).toBeLessThanOrEqual(3 + 0.02 * samples.length);
});

describe('code that is hard to follow', () => {
  const [version = ''] = NODE_VERSIONS.slice(-1);
  const reload = (path: string) =>
    recordProgram('reload.cjs', {
      folder: folder.path,
      version,
      args: [addon.path, path, '600'],
      rateHz: 5000,
      recordFlags: ['-n'],
    });
  const reason = ({ frames }: Sample) =>
    frames.some(({ kind, name }) => kind === FunctionKind.special && name.startsWith('['));
  // The time after the last tick of a thread is a sample that repeats its stack, and no stack that was walked.
  function expectReasonsTold({ samples, nativeSamples, counters }: Recorded): void {
    const gaps = [...samples, ...nativeSamples].filter(reason).length;
    expect(counters.lost['brokenNativeStacks']).toBeLessThanOrEqual(gaps);
    expect(counters.lost['brokenNativeStacks']).toBeGreaterThanOrEqual(gaps - 1);
  }

  test('a library loaded and unloaded all the time harms nobody, and costs no time', async () => {
    const recorded = await reload(library.path);
    expectMeasured(recorded, ['reloading']);
    const reloading = recorded.samples.filter(hasFrame('reloading'));
    expect(reloading.some(hasName(/^hot \[/))).toBe(true);
    expectReasonsTold(recorded);
  });

  test('a library without unwind data leaves a gap that is told', async () => {
    const recorded = await reload(bareLibrary.path);
    expectMeasured(recorded, ['reloading']);
    const known = recorded.samples.filter(hasName(/^spin_in_library \[/));
    const gaps = known.filter(hasFrame('[no unwind data]'));
    expect(gaps.length).toBeGreaterThan(0);
    expect(weightOf(gaps, everything) / weightOf(known, everything)).toBeGreaterThan(0.9);
    expectReasonsTold(recorded);
  });
});
