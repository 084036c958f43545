// What native frames add: the same stack, V8's runtime between JavaScript's frames, with and without them.
// Settings: rateHz, nests, rounds, segmentMs.
import { control, makeProfiler, report, settings } from './profilers.mjs';

const { rateHz, nests, rounds, segmentMs } = settings;

function burn() {
  let sum = 0;
  for (const end = performance.now() + segmentMs; performance.now() < end; ) {
    for (let i = 0; i < 100_000; i++) sum += Math.sqrt(i);
  }
  return sum;
}

// JSON.parse is C++, and calls its reviver.
function nest(left) {
  if (left === 0) return burn();
  return JSON.parse('0', () => nest(left - 1));
}

function pauseMs(action) {
  const cpuNs = control.threadCpuNs();
  action();
  return (control.threadCpuNs() - cpuNs) / 1e6;
}

/** Native frames of all samples. */
function nativeFrames(profile) {
  let sum = 0;
  for (const line of profile.toCollapsed({ metric: 'samples' }).trimEnd().split('\n')) {
    const gap = line.lastIndexOf(' ');
    const frames = line.slice(0, gap).split(';');
    const native = frames.filter((frame) => frame.endsWith(']') && !frame.endsWith(' [builtin]'));
    sum += native.length * Number(line.slice(gap + 1));
  }
  return sum;
}

const starts = [];
const segments = [];
const plain = await makeProfiler('sigprof', rateHz);
const native = await makeProfiler('sigprof -n', rateHz);
for (let round = 0; round < rounds; round++) {
  for (const [name, profiler] of Object.entries({ plain, native })) {
    const startMs = pauseMs(() => profiler.start());
    nest(nests);
    const { profile, samples, counters } = profiler.stop();
    if (name === 'native') starts.push(startMs);
    segments.push({
      name,
      handlerMicros: counters.handlerNs / samples / 1000,
      helperMicros: counters.helperCpuNs / samples / 1000,
      frames: nativeFrames(profile) / samples,
      broken: (counters.lost.brokenNativeStacks ?? 0) / samples,
    });
  }
}
report({ starts, segments });
