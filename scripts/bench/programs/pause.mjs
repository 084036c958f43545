// How long start(), stop() and both in a row hold up the JavaScript thread.
// Settings: profiler, rateHz, withTypeScript, rounds, workMs.
import { createRequire } from 'node:module';
import { control, makeProfiler, report, settings } from './profilers.mjs';

const require = createRequire(import.meta.url);
const { profiler: name, rateHz, withTypeScript, rounds, workMs } = settings;

// A compiler that has compiled something is what a large program looks like to V8.
const compile = withTypeScript ? require(process.env.BENCH_TYPESCRIPT).transpileModule : undefined;
const source = 'export const f = (x: number): string => String(x);\n'.repeat(20);
if (compile !== undefined) for (let i = 0; i < 20; i++) compile(source, {});

const profiler = await makeProfiler(name, rateHz);

function work() {
  const end = performance.now() + workMs;
  let sum = 0;
  while (performance.now() < end) {
    if (compile !== undefined) sum += compile(source, {}).outputText.length;
    else for (let i = 0; i < 1000; i++) sum += Math.sqrt(i);
  }
  return sum;
}

function pause(action) {
  const cpuNs = control.threadCpuNs();
  const wallMs = performance.now();
  action();
  return { cpuMs: (control.threadCpuNs() - cpuNs) / 1e6, wallMs: performance.now() - wallMs };
}

pause(() => {}); // the measuring itself is compiled and paged in
const starts = [];
const stops = [];
for (let round = 0; round < rounds; round++) {
  starts.push(pause(() => profiler.start()));
  work();
  stops.push(pause(() => profiler.stop()));
  work();
}

// Rotation: one profile ends and the next begins, as continuous profilers do every minute.
const rotations = [];
profiler.start();
for (let round = 0; round < rounds; round++) {
  work();
  rotations.push(
    pause(() => {
      profiler.stop();
      profiler.start();
    }),
  );
}
profiler.stop();
report({ starts, stops, rotations });
