// What a profiler costs while the program waits.
import { runProgram } from '../lib/program.mjs';
import { summarize } from '../lib/statistics.mjs';

export const row = {
  name: 'idle',
  title: 'Idle cost',
  unit: 'ms of CPU per second',
  shows:
    'CPU time per second of a process that waits for timers, all its threads, above the same process without a profiler.',

  async run({ peers, repeats }) {
    const subjects = ['sigprof', ...peers];
    const control = [];
    const measured = {};
    for (let i = 0; i < repeats(5); i++) {
      control.push(await cpuOf('off', 100));
      for (const rateHz of [100, 1000]) {
        for (const profiler of subjects) {
          const key = `${profiler} ${rateHz}`;
          measured[key] ??= [];
          measured[key].push(await cpuOf(profiler, rateHz));
        }
      }
    }
    const base = summarize(control).median;
    const figures = [100, 1000].map((rateHz) => ({
      label: `at ${rateHz} Hz`,
      values: Object.fromEntries(
        subjects.map((name) => [
          name,
          summarize(measured[`${name} ${rateHz}`].map((cpu) => cpu - base)),
        ]),
      ),
      goal: { below: 0.3 },
    }));
    const spread = summarize(control.map((cpu) => cpu - base));
    const noise = { label: 'noise: without a profiler', values: { sigprof: spread } };
    return { columns: subjects, figures: [...figures, noise] };
  },
};

async function cpuOf(profiler, rateHz) {
  const { cpuMsPerSecond } = await runProgram('idle', { profiler, rateHz, seconds: 2 });
  return cpuMsPerSecond;
}
