// What native frames cost.
import { runProgram } from '../lib/program.mjs';
import { summarize } from '../lib/statistics.mjs';

const CASES = [
  { nests: 0, label: 'few native frames' },
  { nests: 4, label: 'some 40 native frames' },
];

export const row = {
  name: 'native',
  title: 'Native frames',
  unit: 'µs per sample',
  shows:
    "The same stack with native frames (-n; column `sigprof`) and without, at 1000 Hz: JavaScript that V8's C++ has called, several times nested. Time in the signal handler by the time stamp counter, resolving by the CPU clock of the profiler's threads, start() by the CPU clock of the JavaScript thread.",

  async run({ repeats }) {
    const figures = [];
    for (const { label, nests } of CASES) {
      const settings = { rateHz: 1000, nests, rounds: Math.max(2, repeats(6)), segmentMs: 300 };
      const { starts, segments } = await runProgram('native', settings);
      figures.push(...figuresOf(label, segments), ...(nests === 0 ? startFigures(starts) : []));
    }
    return { columns: ['sigprof', 'without -n'], figures, notes: NOTES };
  },
};

const NOTES = [
  'A native frame is the difference of both columns over the frames that -n has found. The first start in a process reads the symbols of Node beside the program, on a thread of its own.',
];

function figuresOf(label, segments) {
  const of = (name) => segments.filter((segment) => segment.name === name);
  const values = (pick) => ({
    sigprof: summarize(of('native').map(pick)),
    'without -n': summarize(of('plain').map(pick)),
  });
  const plainMicros = summarize(of('plain').map(({ handlerMicros }) => handlerMicros)).median;
  const perFrame = of('native').map(
    ({ handlerMicros, frames }) => ((handlerMicros - plainMicros) * 1000) / frames,
  );
  return [
    { label: `${label}: handler`, values: values(({ handlerMicros }) => handlerMicros) },
    { label: `${label}: resolving`, values: values(({ helperMicros }) => helperMicros) },
    { label: `${label}: frames`, unit: 'frames', values: values(({ frames }) => frames) },
    {
      label: `${label}: a native frame in the handler`,
      unit: 'ns',
      values: { sigprof: summarize(perFrame) },
      goal: { below: 150 },
    },
    {
      label: `${label}: stacks with a gap`,
      unit: '%',
      values: { sigprof: summarize(of('native').map(({ broken }) => broken * 100)) },
      goal: { below: 1 },
    },
  ];
}

function startFigures(starts) {
  const figure = (label, values) => ({
    label,
    unit: 'ms of CPU',
    values: { sigprof: summarize(values) },
    goal: { below: 5 },
  });
  return [figure('first start', starts.slice(0, 1)), figure('later starts', starts.slice(1))];
}
