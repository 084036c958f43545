// Memory while a hundred thousand functions come, run for a moment and go. Settings: profiler, rateHz,
// functions, perMs.
import { makeProfiler, report, settings } from './profilers.mjs';

const { profiler: name, rateHz, functions, seconds } = settings;
const profiler = await makeProfiler(name, rateHz);

// Without V8's heap, which grows by fits and starts whatever a profiler does.
const residentMb = () => {
  const { rss, heapTotal } = process.memoryUsage();
  return (rss - heapTotal) / 2 ** 20;
};
churn(functions / 20, seconds / 20, 'warm');
globalThis.gc();
const before = residentMb();
profiler.start();
const peak = churn(functions, seconds, 'churn');
const { samples } = profiler.stop();
report({ addedMb: peak - before, samples });

// The highest of many looks.
function churn(count, seconds, prefix) {
  const batches = 100;
  let peakMb = 0;
  let sum = 0;
  for (let batch = 0; batch < batches; batch++) {
    const end = performance.now() + (seconds * 1000) / batches;
    const made = [];
    for (let i = 0; i < count / batches; i++) {
      const text = `let s = x; for (let i = 0; i < 500; i++) s = (s * 31 + ${i}) | 0; return s;`;
      made.push(new Function('x', `// ${prefix} ${batch} ${i}\n${text}`));
      sum += made[i](i);
    }
    while (performance.now() < end) for (const each of made) sum += each(batch);
    peakMb = Math.max(peakMb, residentMb());
  }
  return Number.isNaN(sum) ? 0 : peakMb;
}
