// A running process recorded from outside: is the time where it belongs, is each stack whole, does all that was used show?
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS } from '../../scripts/fetch-nodes.mjs';
import { attachProgram } from './attached-program.ts';
import { type Functions, judge } from './chains-judge.ts';
import { expectKnownShares } from './known-shares.ts';
import { useFolder } from './sigprof-process.ts';

const folder = useFolder();

// Of all samples; figures: none on most runs, 1 in 10,000 on the others.
const MAX_INCOMPLETE = 0.003;

const nsOf = (value: number | undefined) => value ?? Number.NaN;

describe.each(NODE_VERSIONS)('recorded from outside, Node %s', (version) => {
  test('has known shares of CPU time, on whole stacks, and all of the time', async () => {
    const { ended, profile, samples, counters } = await attachProgram('shares.cjs', {
      folder: folder.path,
      version,
      nodeFlags: ['--single-threaded'],
      args: ['1000'],
      rateHz: 2000,
    });
    expectKnownShares({ ended, samples, counters });
    expect(nsOf(counters.incompleteSamples) / samples.length).toBeLessThan(MAX_INCOMPLETE);
    const covered = nsOf(counters.coveredNs);
    expect(profile.samples.weight.reduce((sum, weight) => sum + weight, 0)).toBe(covered);
    // The kernel's account of the process, and the program's own of its phases.
    expect(covered / nsOf(counters.cpuNs)).toBeCloseTo(1, 2);
    const { isNumber: _, ...spentMs } = JSON.parse(ended.stdout) as Record<string, number>;
    expect(covered / 1e6).toBeGreaterThan(Object.values(spentMs).reduce((sum, ms) => sum + ms, 0));
  });

  // Closures made anew all the time, collected every few hundred microseconds: what was read of a stack is soon void.
  test('shows no caller or callee that never was, however often V8 collects', async () => {
    const { ended, samples, counters } = await attachProgram('chains.cjs', {
      folder: folder.path,
      version,
      nodeFlags: ['--max-semi-space-size=1', '--deopt-every-n-times=200'],
      args: ['800'],
      rateHz: 2000,
    });
    const { functions } = JSON.parse(ended.stdout) as { functions: Functions };
    const { chains, wrong, gaps, lines } = judge(samples, functions);
    expect(chains).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
    expect(gaps.length / chains).toBeLessThanOrEqual(MAX_INCOMPLETE);
    expect(lines.length / chains).toBeLessThan(MAX_INCOMPLETE);
    expect(nsOf(counters.incompleteSamples) / samples.length).toBeLessThan(MAX_INCOMPLETE);
  });
});
