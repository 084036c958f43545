// Programs of which it is known where their CPU time goes. Settings: profiler, rateHz, program,
// seconds, file (where the profile is left). Reports the true shares.
import { control, makeProfiler, report, settings } from './profilers.mjs';

const { profiler: name, rateHz, program, seconds, file } = settings;

// -- inlined: nearly all time is in `leaf`, which the compiler puts into its caller.
function leaf(x) {
  let s = x;
  for (let i = 0; i < 400; i++) s = (Math.imul(s, 1103515245) + 12345) & 0x7fffffff;
  return s;
}
function callsLeaf(count) {
  let s = 1;
  for (let i = 0; i < count; i++) s = leaf(s);
  return s;
}

// -- gc: the collector's time is caused by `allocates`.
function allocates(count) {
  const kept = [];
  for (let i = 0; i < count; i++) {
    kept.push({ index: i, text: [i, i + 1], next: kept.at(-1) });
    if (kept.length > 2000) kept.length = 0;
  }
  return kept.length;
}

// -- shares: parts of different cost and kind, each a function called by name.
const numbers = Float64Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 1e6);
const text = 'lorem ipsum dolor sit amet, '.repeat(2000);
const json = JSON.stringify(Array.from({ length: 2000 }, (_, id) => ({ id, name: `item ${id}` })));
const parts = { partLoop, partSort, partRegExp, partJson, partMap, partRecursion };
function partLoop() {
  return callsLeaf(4000);
}
function partSort() {
  return [...numbers].sort((a, b) => a - b).length;
}
function partRegExp() {
  return text.replace(/(\w+) (\w+)/g, '$2 $1').length;
}
function partJson() {
  return JSON.parse(json).length;
}
function partMap() {
  const map = new Map();
  for (let i = 0; i < 30_000; i++) map.set(i * 7919, i);
  return map.size;
}
function partRecursion() {
  return fibonacci(23);
}
function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

const cpuNs = {};
function runParts() {
  for (const [part, run] of Object.entries(parts)) {
    const before = control.threadCpuNs();
    run();
    cpuNs[part] = (cpuNs[part] ?? 0) + control.threadCpuNs() - before;
  }
}

const turns = {
  inlined: () => callsLeaf(20_000),
  gc: () => allocates(200_000),
  shares: runParts,
};

function runFor(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end) turns[program]();
}

const profiler = await makeProfiler(name, rateHz);
runFor(500);
for (const part of Object.keys(cpuNs)) cpuNs[part] = 0;
profiler.start();
runFor(seconds * 1000);
profiler.stop().save(file);
report({ cpuNs });
