// Whether the profile says where the time goes, on programs of which that is known.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../lib/program.mjs';
import { readStacks, shareOf } from '../lib/stacks.mjs';
import { samplingFloor, summarize, totalVariation } from '../lib/statistics.mjs';

const PARTS = ['partLoop', 'partSort', 'partRegExp', 'partJson', 'partMap', 'partRecursion'];
const RATE_HZ = 1000;
const SECONDS = 2.5;

export const row = {
  name: 'accuracy',
  title: 'Accuracy',
  unit: '%',
  shows:
    "At 1000 Hz. Inlined leaf: share of its CPU time charged to a function that the compiler inlined into its caller. Garbage collection: share of the collector's time that stands on the stack of the function whose allocations caused it. Wrong shares: total variation distance between the profile and the CPU clock over six functions (a loop, sort, regular expressions, JSON, Map, recursion). No usable stack: share of the samples of these programs that name no function of theirs.",

  async run({ nodes, peers, repeats }) {
    const subjects = ['sigprof', ...peers];
    const own = `Node ${process.versions.node}`;
    const figures = await figuresOf(subjects, repeats(3), own);
    for (const { version, path } of nodes) {
      figures.push(...(await figuresOf(['sigprof', 'inspector'], 1, `Node ${version}`, path)));
    }
    const floor = samplingFloor(Array(PARTS.length).fill(1 / PARTS.length), RATE_HZ * SECONDS);
    const notes = [
      `Sampling alone makes about ${(floor * 100).toFixed(1)} % of wrong shares at this length.`,
    ];
    return { columns: subjects, figures, notes };
  },
};

async function figuresOf(subjects, count, label, node) {
  const measured = {};
  for (let i = 0; i < count; i++) {
    for (const profiler of subjects) {
      const one = await measure(profiler, node);
      for (const [key, value] of Object.entries(one)) {
        measured[key] ??= {};
        measured[key][profiler] ??= [];
        measured[key][profiler].push(value * 100);
      }
    }
  }
  const figure = (key, text, goal) => ({
    label: `${label}: ${text}`,
    values: Object.fromEntries(
      Object.entries(measured[key]).map(([name, list]) => [name, summarize(list)]),
    ),
    goal,
  });
  return [
    figure('inlined', 'inlined leaf right', { above: 99 }),
    figure('gc', 'garbage collection on its stack', { above: 98 }),
    figure('wrong', 'wrong shares'),
    figure('unusable', 'no usable stack', { below: 0.3 }),
  ];
}

async function measure(profiler, node) {
  const folder = mkdtempSync(join(tmpdir(), 'sigprof-bench-'));
  try {
    const run = async (program) => {
      const file = join(folder, program);
      const settings = { profiler, rateHz: RATE_HZ, program, seconds: SECONDS, file };
      const result = await runProgram('accuracy', settings, { node });
      return { ...result, stacks: await readStacks(file, profiler) };
    };
    return judge(await run('inlined'), await run('gc'), await run('shares'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(inlined, gc, shares) {
  const has = (name) => (names) => names.includes(name);
  const isGc = (names) => names.at(-1) === '(garbage collector)';
  const all = [inlined, gc, shares].flatMap(({ stacks }) => stacks);
  return {
    inlined: shareOf(inlined.stacks, (names) => names.at(-1) === 'leaf', has('callsLeaf')),
    gc: shareOf(gc.stacks, has('allocates'), isGc),
    wrong: wrongShares(shares),
    unusable: shareOf(all, (names) => names.every((name) => /^(\(.*\))?$/.test(name))),
  };
}

// Each sample belongs to the part found on its stack.
function wrongShares({ stacks, cpuNs }) {
  const totalNs = Object.values(cpuNs).reduce((sum, ns) => sum + ns, 0);
  const expected = {};
  for (const part of PARTS) expected[part] = cpuNs[part] / totalNs;
  const found = {};
  for (const part of PARTS) found[part] = shareOf(stacks, (names) => names.includes(part));
  found.none = shareOf(stacks, (names) => !PARTS.some((part) => names.includes(part)));
  return totalVariation(expected, found);
}
