// How long a profiler holds up the JavaScript thread when it starts, stops or rotates.
import { runProgram } from '../lib/program.mjs';
import { summarize } from '../lib/statistics.mjs';

export const row = {
  name: 'start-pause',
  title: 'Pause of the JavaScript thread at start, stop and rotation',
  unit: 'ms of CPU',
  shows:
    "CPU time of the JavaScript thread inside start() and stop(), at 1000 Hz, by the thread's CPU clock.",

  async run({ nodes, peers, repeats }) {
    const subjects = ['sigprof', ...peers];
    const figures = [];
    for (const withTypeScript of [false, true]) {
      const results = await collect(subjects, { withTypeScript }, repeats(4));
      figures.push(...figuresOf(withTypeScript ? 'TypeScript loaded' : 'small program', results));
    }
    for (const { version, path } of nodes) {
      const results = await collect(
        ['sigprof', 'inspector'],
        { withTypeScript: true },
        repeats(1),
        path,
      );
      figures.push(slowestStart(`TypeScript loaded, Node ${version}`, results));
    }
    return { columns: subjects, figures, notes: NOTES };
  },
};

const NOTES = [
  'The profilers run in processes of their own, in turn. A start is one of several in its process, with work between.',
  "V8's own profiler, which both peers use, visits all compiled code at every start.",
];

// profiler -> the results of its processes.
async function collect(subjects, settings, count, node) {
  const results = Object.fromEntries(subjects.map((name) => [name, []]));
  for (let i = 0; i < count; i++) {
    for (const profiler of subjects) {
      const program = { rateHz: 1000, rounds: 5, workMs: 150, ...settings, profiler };
      results[profiler].push(await runProgram('pause', program, { node }));
    }
  }
  return results;
}

function figuresOf(label, results) {
  const over = (pick) => values(results, (processes) => processes.flatMap(pick));
  return [
    {
      label: `${label}: first start`,
      values: over(({ starts }) => starts[0].cpuMs),
      goal: { below: 1 },
    },
    {
      label: `${label}: later starts`,
      values: over(({ starts }) => starts.slice(1).map(({ cpuMs }) => cpuMs)),
      goal: { below: 1 },
    },
    slowestStart(label, results),
    {
      label: `${label}: stop, profile ready`,
      values: over(({ stops }) => stops.map(({ cpuMs }) => cpuMs)),
    },
    {
      label: `${label}: rotation`,
      values: over(({ rotations }) => rotations.map(({ cpuMs }) => cpuMs)),
    },
  ];
}

function slowestStart(label, results) {
  const slowest = (processes) =>
    processes.map(({ starts }) => Math.max(...starts.map(({ cpuMs }) => cpuMs)));
  return { label: `${label}: slowest start`, values: values(results, slowest), goal: { below: 1 } };
}

function values(results, pick) {
  return Object.fromEntries(
    Object.entries(results).map(([name, processes]) => [name, summarize(pick(processes))]),
  );
}
