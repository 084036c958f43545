// Fixed work in short segments, `depth` frames deep, to be recorded from outside; says "ready" when it is compiled. Settings:
// depth, seconds, segmentMs. Reports when each segment began and how long it took, in ms.
import { report, settings, unitsIn } from './profilers.mjs';
import { makeDeepWork } from './workload.mjs';

const { depth, seconds, segmentMs } = settings;
const work = makeDeepWork(depth);
work(200); // until it is compiled
const units = unitsIn(segmentMs, () => work(1));
console.log('ready');

const segments = [];
const end = performance.now() + seconds * 1000;
for (let startMs = performance.now(); startMs < end; ) {
  work(units);
  const now = performance.now();
  segments.push([performance.timeOrigin + startMs, now - startMs]);
  startMs = now;
}
report({ segments });
