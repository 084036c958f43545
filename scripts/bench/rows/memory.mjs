// What a profiler adds to the memory of a program with very many functions.
import { runProgram } from '../lib/program.mjs';
import { summarize } from '../lib/statistics.mjs';

const CASES = [
  { rateHz: 100, ownOnly: true },
  { rateHz: 1000, ownOnly: false },
];

export const row = {
  name: 'memory',
  title: 'Memory',
  unit: 'MB of resident memory',
  shows:
    "Growth of resident memory outside V8's heap over a recording in which 100,000 functions are compiled, run and dropped, above that of the same program without a profiler. The profile is taken at the end only, so all of it is in memory.",

  async run({ peers, repeats }) {
    const subjects = ['sigprof', ...peers];
    const added = { off: [] };
    for (let i = 0; i < repeats(3); i++) {
      added.off.push(await grow('off', 100));
      for (const { rateHz, ownOnly } of CASES) {
        for (const profiler of ownOnly ? ['sigprof'] : subjects) {
          const key = `${profiler} ${rateHz}`;
          added[key] ??= [];
          added[key].push(await grow(profiler, rateHz));
        }
      }
    }
    const base = summarize(added.off).median;
    const above = (key) => summarize(added[key].map((mb) => mb - base));
    const figures = CASES.map(({ rateHz, ownOnly }) => ({
      label: `at ${rateHz} Hz`,
      values: Object.fromEntries(
        (ownOnly ? ['sigprof'] : subjects).map((name) => [name, above(`${name} ${rateHz}`)]),
      ),
      goal: { below: 8 },
    }));
    const noise = { label: 'noise: without a profiler', values: { sigprof: above('off') } };
    return { columns: subjects, figures: [...figures, noise] };
  },
};

async function grow(profiler, rateHz) {
  const settings = { profiler, rateHz, functions: 100_000, seconds: 5 };
  const { addedMb } = await runProgram('memory', settings, { nodeArgs: ['--expose-gc'] });
  return addedMb;
}
