import { expect, test } from 'vitest';
import { summaryLines } from '../../../src/cli/summary.ts';
import { ProfileBuilder } from '../../../src/model/profile-builder.ts';
import type {
  ProfileCounters,
  ProfileMeta,
  StackId,
  ThreadIndex,
} from '../../../src/model/profile-data.ts';
import { Profile } from '../../../src/profile.ts';

function profileOf(
  ticks: number,
  counters: Partial<ProfileCounters>,
  meta: Partial<ProfileMeta> = {},
): Profile {
  const builder = new ProfileBuilder();
  builder.addThread({ tid: 1, kind: 'main', name: 'main' });
  builder.addSample({ stack: 0 as StackId, thread: 0 as ThreadIndex, weight: 1e7, ticks });
  const completeMeta: ProfileMeta = { unit: 'nanoseconds', mode: 'cpu', rateHz: 100, ...meta };
  return new Profile(builder.build(completeMeta, { lost: {}, ...counters }));
}

test('tells samples, duration and the CPU time covered', () => {
  const counters = { durationNs: 2e9, cpuNs: 1e9, coveredNs: 0.99e9 };
  expect(summaryLines(profileOf(99, counters))).toEqual([
    '99 samples in 2.00 s, 0.99 s of CPU time covered (99.0 %)',
    'nothing lost',
  ]);
});

test('tells losses by reason', () => {
  const [, losses] = summaryLines(
    profileOf(1000, { lost: { ringFull: 2, tableFull: 0, novel: 1 } }),
  );
  expect(losses).toBe('lost: 2 buffer full, 1 novel');
});

test('says first that much is missing', () => {
  const [first] = summaryLines(profileOf(90, { lost: { ringFull: 10 } }));
  expect(first).toBe('warning: 10.0 % of the samples are missing; lost: 10 buffer full');
});

test('does not call frames without a name missing samples', () => {
  const [first] = summaryLines(profileOf(10, { lost: { unresolvedFrames: 500 } }));
  expect(first).toMatch(/^10 samples/);
});

test('tells a rate the timers did not reach', () => {
  const lines = summaryLines(profileOf(1, {}, { rateHz: 1000, effectiveRateHz: 250 }));
  expect(lines).toContain('the timers reached 250 of 1000 Hz');
});

test('speaks of no CPU time in wall mode', () => {
  const counters = { durationNs: 1e9, cpuNs: 5, coveredNs: 5 };
  expect(summaryLines(profileOf(5, counters, { mode: 'wall' }))[0]).toBe('5 samples in 1.00 s');
});
