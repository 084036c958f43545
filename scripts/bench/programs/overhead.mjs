// Fixed work in segments, each under a profiler or none, in turn within one process.
// Settings: order [name...] of one round, rounds, rateHz, depth, paths, segmentMs, timer.
import { makeProfiler, processCpuMicros, report, settings, unitsIn } from './profilers.mjs';
import { makeDeepWork } from './workload.mjs';

const { order, rounds, rateHz, depth, paths, segmentMs } = settings;
const work = makeDeepWork(depth, paths);
work(200 * paths); // until it is compiled
const units = unitsIn(segmentMs, () => work(1));
const profilers = {};
for (const name of new Set(order)) profilers[name] = await makeProfiler(name, rateHz);
// V8's profiler changes what is compiled at its first start (it wants source positions).
for (const profiler of Object.values(profilers)) {
  profiler.start();
  work(units / 4);
  profiler.stop();
}

const segments = [];
for (let i = 0; i < rounds * order.length + 1; i++) {
  const name = order[i % order.length];
  const profiler = profilers[name];
  profiler.start();
  const cpuMicros = processCpuMicros();
  work(units);
  const cost = processCpuMicros() - cpuMicros;
  const { samples, counters, timer } = profiler.stop();
  segments.push({ name, cost, samples, counters, timer });
}
report({ segments });
