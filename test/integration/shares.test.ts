// Is the time where it belongs? Against the CPU time the program's phases measured themselves.
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS } from '../../scripts/fetch-nodes.mjs';
import { FunctionKind } from '../../src/model/profile-data.ts';
import { expectKnownShares } from './known-shares.ts';
import {
  hasFrame,
  leafFunction,
  type Recorded,
  recordProgram,
  type Sample,
  scriptFrames,
  unusableShare,
  weightOf,
} from './recorded-program.ts';
import { useFolder } from './sigprof-process.ts';
import { rareShareBound } from './statistics.ts';

const folder = useFolder();

/** Expects no larger share of the samples' time to pass than `share`, but for what chance may make of it. */
function expectRare(
  samples: readonly Sample[],
  share: number,
  passes: (sample: Sample) => boolean,
): void {
  const weights = samples.map(({ weightNs }) => weightNs);
  const measured = weightOf(samples, passes) / weightOf(samples, () => true);
  expect(measured).toBeLessThan(rareShareBound(share, weights));
}

function expectDeepStacks({ samples }: Recorded): void {
  const deepest = samples.filter(hasFrame('deepest'));
  expect(deepest.length).toBeGreaterThan(10);
  for (const sample of deepest) {
    // 121 calls of `deep`, and whatever started the program.
    const depth = scriptFrames(sample).filter(({ name }) => name === 'deep').length;
    expect(depth).toBe(121);
  }
}

// A leaf's loop runs 1500 times for each turn of its caller's, so that optimised code of both spends under 0.5 % in the
// caller. (The interpreter's calls cost more, so its time does not count here.)
function expectInlinedLeaf({ samples }: Recorded): void {
  const optimised = samples.filter(({ frames, isInGc }) => {
    const caller = frames.find(({ name }) => name === 'callsLeaf');
    return (caller?.tier === 'mid' || caller?.tier === 'top') && !isInGc;
  });
  expect(optimised.filter((sample) => leafFunction(sample)?.isInlined).length).toBeGreaterThan(30);
  expectRare(optimised, 0.005, (sample) => leafFunction(sample)?.name !== 'inlinedLeaf');
}

function expectInlinedMiddle({ samples }: Recorded): void {
  const inLarge = samples.filter(
    (sample) => leafFunction(sample)?.script.includes('eval') === true,
  );
  expect(inLarge.length).toBeGreaterThan(10);
  expectRare(inLarge, 0.005, (sample) => {
    const [caller, middle] = scriptFrames(sample).slice(-3);
    return caller?.name !== 'callsMiddle' || middle?.name !== 'inlinedMiddle';
  });
  const inlined = inLarge.filter((sample) => scriptFrames(sample).at(-2)?.isInlined);
  expect(inlined.length).toBeGreaterThan(30);
}

// V8 collects once more when Node has left the program's last function: that has no stack to be on.
function expectGcOnItsStack({ samples }: Recorded): void {
  const lastScript = samples.findLast((sample) => scriptFrames(sample).length > 0);
  const collections = samples.filter(
    ({ isInGc, timeNs }) => isInGc && timeNs <= (lastScript?.timeNs ?? 0),
  );
  const all = weightOf(collections, () => true);
  expect(all).toBeGreaterThan(10e6);
  for (const { frames } of collections)
    expect(frames.at(-1)?.kind).toBe(FunctionKind.garbageCollector);
  const onScript = weightOf(collections, (sample) => scriptFrames(sample).length > 0);
  expect(onScript / all).toBeGreaterThan(0.98);
}

describe.each(NODE_VERSIONS)('the profile of Node %s', (version) => {
  test('has known shares of CPU time, whatever the code and its tier', async () => {
    const recorded = await recordProgram('shares.cjs', {
      folder: folder.path,
      version,
      nodeFlags: ['--single-threaded'],
      args: ['1500'],
      rateHz: 4000,
    });
    expectKnownShares(recorded);
    expectDeepStacks(recorded);
    expectInlinedLeaf(recorded);
    expectInlinedMiddle(recorded);
    expectGcOnItsStack(recorded);
    expect(unusableShare(recorded)).toBeLessThan(0.003);
  });
});
