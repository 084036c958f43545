// What the rows about the cost of sampling have in common: segments of equal work in one process,
// with a profiler and without, in turn.
import { runProgram } from './program.mjs';
import { neighbourRatios, summarize } from './statistics.mjs';

/** Runs the segments; `settings` as in programs/overhead.mjs. The order of a round is off, a, off, b... */
export async function runSegments(subjects, settings) {
  const order = subjects.flatMap((name) => ['off', name]);
  const { segments } = await runProgram('overhead', { order, ...settings });
  return segments;
}

/**
 * CPU microseconds of our own per sample, by its own account: time in the signal handler, the CPU
 * clock of the helper thread, waits of garbage collections for pending samples.
 */
export function accountedMicros({ counters, samples }) {
  return accountedNs(counters) / samples / 1000;
}

/** The same as a share of the segment's CPU time. */
export function accountedShare({ counters, cost }) {
  return accountedNs(counters) / (cost * 1000);
}

function accountedNs({ handlerNs = 0, helperCpuNs = 0, barrierNs = 0 }) {
  return handlerNs + helperCpuNs + barrierNs;
}

/** CPU microseconds per sample of every subject, by the segments beside it. */
export function microsPerSample(segments) {
  const ratios = neighbourRatios(segments);
  const off = summarize(segments.filter(({ name }) => name === 'off').map(({ cost }) => cost));
  const result = {};
  for (const [name, list] of Object.entries(ratios)) {
    if (name === 'off') continue;
    const samples = summarize(
      segments.filter((segment) => segment.name === name).map((segment) => segment.samples),
    );
    result[name] = summarize(list.map((ratio) => ((ratio - 1) * off.median) / samples.median));
  }
  return result;
}
