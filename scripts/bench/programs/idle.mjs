// CPU of a process that waits: a timer now and then, as idle servers have. Settings: profiler, rateHz,
// seconds.
import { makeProfiler, processCpuMicros, report, settings } from './profilers.mjs';

const { profiler: name, rateHz, seconds } = settings;
const profiler = await makeProfiler(name, rateHz);
profiler.start();
setInterval(() => {}, 500);
await wait(500); // what starting leaves to do, helper threads included, is not idle cost
const cpuMicros = processCpuMicros();
const wallMs = performance.now();
await wait(seconds * 1000);
const cpuMs = (processCpuMicros() - cpuMicros) / 1000;
const cpuMsPerSecond = cpuMs / ((performance.now() - wallMs) / 1000);
profiler.stop();
report({ cpuMsPerSecond });
process.exit(0);

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
