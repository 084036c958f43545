// Is the executing line the one that executes? In each of V8's tiers, at a leaf and at a caller.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS } from '../../scripts/fetch-nodes.mjs';
import {
  program,
  recordProgram,
  type Sample,
  type SampledFrame,
  type TIERS,
  weightOf,
} from './recorded-program.ts';
import { useFolder } from './sigprof-process.ts';
import { rareShareBound } from './statistics.ts';

const folder = useFolder();

const lineIn = (file: string, text: string) =>
  readFileSync(program(file), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;
const lineOf = (text: string) => lineIn('lines.cjs', text);

type Tier = (typeof TIERS)[number];
interface Case {
  readonly name: string;
  readonly tier: Tier;
  readonly how: 'calls' | 'osr';
  readonly flags: readonly string[];
  /** First major version of Node that has the tier. */
  readonly since: number;
}
// Flags that a version does not know would end it: --maglev came with V8 11.
const noMaglev = (major: number) => (major >= 20 ? ['--no-maglev'] : []);
const CASES: readonly ((major: number) => Case)[] = [
  (major) => ({
    name: 'interpreter',
    tier: 'interpreter',
    how: 'calls',
    flags: ['--no-opt', '--no-sparkplug', ...noMaglev(major)],
    since: 18,
  }),
  (major) => ({
    name: 'Sparkplug',
    tier: 'baseline',
    how: 'calls',
    flags: ['--always-sparkplug', '--no-opt', ...noMaglev(major)],
    since: 18,
  }),
  () => ({
    name: 'Maglev',
    tier: 'mid',
    how: 'calls',
    flags: ['--maglev', '--no-turbofan'],
    since: 24, // official builds of Node 22 accept the flag and leave it out
  }),
  (major) => ({
    name: 'Turbofan',
    tier: 'top',
    how: 'calls',
    flags: noMaglev(major),
    since: 18,
  }),
  (major) => ({
    name: 'on-stack replacement by Turbofan',
    tier: 'top',
    how: 'osr',
    flags: noMaglev(major),
    since: 18,
  }),
];

const frameOf = (sample: Sample, name: string): SampledFrame | undefined =>
  sample.frames.find((frame) => frame.name === name);

describe.each(NODE_VERSIONS)('executing lines of Node %s', (version) => {
  const major = Number(version.split('.')[0]);
  const cases = CASES.map((make) => make(major)).filter(({ since }) => major >= since);

  test.each(cases)('are right in code of $name', async ({ tier, how, flags }) => {
    const { samples } = await recordProgram('lines.cjs', {
      folder: folder.path,
      version,
      nodeFlags: flags,
      args: [how, '250'],
      rateHz: 2000,
    });
    // Collections are asked for at any line, and the first calls run in lower tiers.
    const inTier = samples.filter(
      (sample) => !sample.isInGc && frameOf(sample, 'hot')?.tier === tier,
    );
    const all = weightOf(inTier, () => true);
    expect(
      all / weightOf(samples, (sample) => frameOf(sample, 'hot') !== undefined),
    ).toBeGreaterThan(0.5);
    // The loop turns some 20,000 times for each time that other lines run: 0.1 %, and the skid of a tick from its
    // instruction to the next.
    const bound = rareShareBound(
      0.005,
      inTier.map(({ weightNs }) => weightNs),
    );
    const offTheLine = (name: string, line: number) =>
      weightOf(inTier, (sample) => frameOf(sample, name)?.line !== line) / all;
    expect(offTheLine('hot', lineOf('// hot line'))).toBeLessThan(bound);
    expect(offTheLine('calls', lineOf('// call line'))).toBeLessThan(bound);
    for (const name of ['hot', 'calls']) {
      const definitions = new Set(inTier.map((sample) => frameOf(sample, name)?.definedAt));
      expect([...definitions]).toEqual([lineOf(`function ${name}(`)]);
    }
  });
});

// Maglev is in official builds from Node 24 on.
test.each(NODE_VERSIONS.filter((version) => Number(version.split('.')[0]) >= 24))(
  'lines of calls behind a loop that Maglev peeled are right, inlined or not: Node %s',
  async (version) => {
    const { samples } = await recordProgram('peeled.cjs', {
      folder: folder.path,
      version,
      nodeFlags: ['--maglev', '--no-turbofan'],
      args: ['250'],
      rateHz: 2000,
    });
    const inMaglev = samples.filter(
      (sample) =>
        frameOf(sample, 'work') !== undefined && frameOf(sample, 'inlined')?.isInlined === true,
    );
    expect(inMaglev.length / samples.length).toBeGreaterThan(0.3);
    for (const name of ['inlined', 'outer']) {
      const lines = new Set(inMaglev.map((sample) => frameOf(sample, name)?.line));
      expect([...lines]).toEqual([lineIn('peeled.cjs', `// line of ${name}`)]);
    }
  },
);

const DISCARDED = NODE_VERSIONS.flatMap((version) => {
  const major = Number(version.split('.')[0]);
  const turbofan = { version, tier: 'top', flags: noMaglev(major) };
  const maglev = { version, tier: 'mid', flags: ['--maglev', '--no-turbofan'] };
  return major >= 24 ? [turbofan, maglev] : [turbofan];
});

test.each(DISCARDED)(
  'callers are right whose code V8 has discarded meanwhile: Node $version, $tier tier',
  async ({ version, tier, flags }) => {
    const { samples } = await recordProgram('discarded.cjs', {
      folder: folder.path,
      version,
      nodeFlags: ['--no-concurrent-recompilation', ...flags],
      args: ['250'],
      rateHz: 2000,
    });
    const chains = samples
      .filter(({ frames }) => frames.some(({ name }) => name === 'afterDiscard'))
      .map(({ frames }) => {
        const from = frames.findIndex(({ name }) => name === 'outer');
        const to = frames.findIndex(({ name }) => name === 'work');
        const callers = frames.slice(from, to);
        return callers.map((frame) => `${frame.tier} ${frame.name}:${frame.line}`).join();
      });
    const expected = ['outer', 'inlined'].map(
      (name) => `${tier} ${name}:${lineIn('discarded.cjs', `// line of ${name}`)}`,
    );
    expect([...new Set(chains)]).toEqual([expected.join()]);
  },
);

test('are known of a script whose text a scavenge kept from being read at first', async () => {
  // V8 overwrites the map of a large young string while it collects; afterwards the text is there.
  const { samples } = await recordProgram('young-scripts.cjs', {
    folder: folder.path,
    version: '20.20.2',
    nodeFlags: ['--max-semi-space-size=8'],
  });
  const collected = new Set<string>();
  const judged: SampledFrame[] = [];
  for (const sample of samples) {
    const hot = sample.frames.find(({ name }) => /^hot\d+$/.test(name));
    if (hot === undefined) continue;
    if (sample.isInGc) collected.add(hot.name);
    else if (collected.has(hot.name)) judged.push(hot);
  }
  expect(judged.length).toBeGreaterThan(0);
  expect(judged.filter(({ definedAt, line }) => definedAt === 0 || line === 0)).toEqual([]);
});
