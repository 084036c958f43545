// Can a profile show what never was? Chains of calls in which every function has one caller, one callee and one line for it,
// under flags that make V8 collect, compile and deoptimise all the time. `npm run test:soak` runs the whole matrix.
import { beforeAll, describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { type Functions, judge } from './chains-judge.ts';
import {
  type RecordOptions,
  recordProgram,
  runProgram,
  unusableShare,
} from './recorded-program.ts';
import { isSoak, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();

// Figures of 4000 samples a second on every version and flag set: no wrong pair, under 0.02 % of callers on a wrong line.
// Enough for 1000 samples or so; the slowest flags make it ten times that.
const ROUNDS = '1200';
const MAX_UNUSABLE = 0.003;
// A callee's return takes its arguments off the stack before the return address is used: at that instruction the caller's
// line can't be known, and its definition's is shown.
const MAX_WRONG_LINES = 0.003;
// V8 10 empties the inlining data of code that it is about to deoptimise, while the code still runs.
const MAX_GAPS = { '18.20.8': 0.003 } as Readonly<Record<string, number>>;

const GC_FLAGS = [
  '--stress-scavenge=50',
  '--stress-compaction',
  '--stress-compaction-random',
  '--gc-interval=500',
  '--stress-marking=50',
  '--stress-incremental-marking',
  '--max-semi-space-size=1',
  '--stress-flush-code --flush-bytecode',
];
const TIER_FLAGS = [
  '',
  '--always-sparkplug',
  '--maglev --no-turbofan',
  '--deopt-every-n-times=50',
  '--interrupt-budget=1000 --no-lazy-feedback-allocation',
];
const FLAG_SETS = isSoak
  ? GC_FLAGS.flatMap((gc) => TIER_FLAGS.map((tier) => `${gc} ${tier}`.trim()))
  : [
      '--stress-scavenge=50 --always-sparkplug',
      '--max-semi-space-size=1 --deopt-every-n-times=200',
    ];

const options = (version: string, nodeFlags: readonly string[]): RecordOptions => ({
  folder: folder.path,
  version,
  nodeFlags,
  args: [ROUNDS],
  rateHz: 4000,
});

/** Flags differ between versions: those that this one does not know are left out. */
async function knownFlags(version: string, flags: string): Promise<string[]> {
  const node = await nodeBinary(version);
  const known: string[] = [];
  for (const flag of flags.split(' ')) {
    const { code } = await new TestProcess(node, [flag, '-e', '0']).ended;
    if (code === 0) known.push(flag);
  }
  return known;
}

describe.each(NODE_VERSIONS)('under Node %s', (version) => {
  let control = '';
  beforeAll(async () => {
    control = (await runProgram('chains.cjs', options(version, []))).stdout;
  });

  test.each(FLAG_SETS)('every caller, callee and line is possible: %s', async (flags) => {
    const known = await knownFlags(version, flags);
    const recorded = await recordProgram('chains.cjs', options(version, known));
    expect(recorded.ended.stdout).toBe(control);
    const { functions } = JSON.parse(control) as { functions: Functions };
    const { chains, wrong, gaps, lines } = judge(recorded.samples, functions);
    expect(chains).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
    expect(gaps.length / chains).toBeLessThanOrEqual(MAX_GAPS[version] ?? 0);
    expect(lines.length / chains).toBeLessThan(MAX_WRONG_LINES);
    expect(unusableShare(recorded)).toBeLessThan(MAX_UNUSABLE);
  });
});
