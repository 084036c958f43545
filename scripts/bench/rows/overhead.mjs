// How much slower a program that only computes gets.
import { accountedShare, runSegments } from '../lib/overhead.mjs';
import { neighbourRatios, summarize } from '../lib/statistics.mjs';

const GOALS = { 100: 0.3, 1000: 3 };

export const row = {
  name: 'overhead',
  title: 'Overhead on CPU-bound work',
  unit: '% of CPU',
  shows:
    "CPU time of a process for the same work with a profiler, against the same work without right before and after it, in one process; 30 frames deep. `empty` is a signal at the same rate with a handler that does nothing. `sigprof` is what it does beyond that, by its own account (as in CPU per sample); `all in` is what the process's CPU time shows.",

  async run({ peers, repeats }) {
    const figures = [];
    const noise = [];
    for (const rateHz of [100, 1000]) {
      const settings = { rateHz, depth: 30, paths: 1, segmentMs: 400 };
      const [, probe] = await runSegments(['sigprof'], { ...settings, rounds: 1 });
      const subjects = ['empty', 'sigprof', ...peers];
      const rounds = repeats(8);
      const segments = await runSegments(subjects, { ...settings, rounds, timer: probe.timer });
      const ratios = neighbourRatios(segments);
      const percent = (name) => summarize((ratios[name] ?? [1]).map((ratio) => (ratio - 1) * 100));
      const own = segments.filter(({ name }) => name === 'sigprof');
      figures.push({
        label: `at ${rateHz} Hz`,
        values: {
          sigprof: summarize(own.map((segment) => accountedShare(segment) * 100)),
          'all in': percent('sigprof'),
          empty: percent('empty'),
          ...Object.fromEntries(peers.map((name) => [name, percent(name)])),
        },
        goal: { below: GOALS[rateHz] },
      });
      noise.push({
        label: `noise: nothing against nothing, ${rateHz} Hz run`,
        values: { 'all in': percent('off') },
      });
    }
    return { columns: ['sigprof', 'all in', 'empty', ...peers], figures: [...figures, ...noise] };
  },
};
