// What one sample costs, by the depth of the stack.
import { accountedMicros, microsPerSample, runSegments } from '../lib/overhead.mjs';
import { summarize } from '../lib/statistics.mjs';

const CASES = [
  { depth: 10, paths: 1, rateHz: 1000, label: '10 frames' },
  { depth: 30, paths: 1, rateHz: 1000, label: '30 frames' },
  { depth: 100, paths: 1, rateHz: 1000, label: '100 frames' },
  { depth: 100, paths: 8, rateHz: 1000, label: '100 frames, another stack each time' },
  { depth: 100, paths: 1, rateHz: 100, label: '100 frames, at 100 Hz' },
];

export const row = {
  name: 'sample-cost',
  title: 'CPU per sample',
  unit: 'µs of CPU per sample',
  shows:
    "CPU time per sample at 1000 Hz, all threads of the profiler counted. `sigprof` by its own account: the signal handler's time stamp counter, the helper thread's CPU clock, waits of garbage collections. `all in` and the peers: the process's CPU time for the same work with and without, per sample; it has the kernel's timer interrupt and signal in it, which `empty` shows alone.",

  async run({ peers, repeats }) {
    const figures = [];
    for (const { label, ...settings } of CASES) {
      const rounds = repeats(settings.rateHz < 1000 ? 3 : 5);
      const segmentMs = settings.rateHz < 1000 ? 1000 : 300;
      const probe = await runSegments(['sigprof'], { ...settings, rounds: 1, segmentMs: 200 });
      const { timer } = probe.find(({ name }) => name === 'sigprof');
      const subjects = ['empty', 'sigprof', ...peers];
      const segments = await runSegments(subjects, { ...settings, rounds, segmentMs, timer });
      const own = segments.filter(({ name }) => name === 'sigprof').map(accountedMicros);
      const { empty, sigprof: allIn, ...others } = microsPerSample(segments);
      figures.push({
        label,
        values: { sigprof: summarize(own), 'all in': allIn, empty, ...others },
        ...(settings.depth === 100 && { goal: { below: 10 } }),
      });
    }
    return { columns: ['sigprof', 'all in', 'empty', ...peers], figures };
  },
};
