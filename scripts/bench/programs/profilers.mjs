// One face for all profilers, used inside the measured processes: start(), and stop() with what was
// recorded. Loading is done before, so that start() is start() alone. Runs on Node 18 too.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const settings = JSON.parse(process.env.BENCH_SETTINGS ?? '{}');
export const control = require(process.env.BENCH_CONTROL);

/** Prints the program's result; its last word. */
export function report(result) {
  console.log(JSON.stringify(result));
}

/** CPU microseconds of the whole process so far. */
export function processCpuMicros() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Runs `unit` until `ms` have passed; the number of units. */
export function unitsIn(ms, unit) {
  const end = performance.now() + ms;
  let count = 0;
  while (performance.now() < end) {
    unit();
    count++;
  }
  return count;
}

/**
 * { start(), stop() } of 'off', 'empty' (ticks without a profiler), 'sigprof', 'sigprof -n',
 * 'inspector' or 'datadog'. stop() gives { samples, counters?, save(path) }; `samples` counts ticks.
 */
export async function makeProfiler(name, rateHz) {
  switch (name) {
    case 'off':
      return { start() {}, stop: () => ({ samples: 0 }) };
    case 'empty':
      return makeEmpty(rateHz);
    case 'sigprof':
      return makeSigprof(rateHz);
    case 'sigprof -n':
      return makeSigprof(rateHz, true);
    case 'inspector':
      return makeInspector(rateHz);
    case 'datadog':
      return makeDatadog(rateHz);
    default:
      throw new Error(`no profiler ${name}`);
  }
}

function makeEmpty(rateHz) {
  const usePerf = settings.timer === 'perf';
  return {
    start() {
      const error = control.startTicks(rateHz, usePerf);
      if (error !== 0) throw new Error(`no ticks for the control: errno ${error}`);
    },
    stop: () => ({ samples: control.stopTicks() }),
  };
}

async function makeSigprof(rateHz, native = false) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) return makeSigprofAddon(rateHz, native);
  const { Profiler } = await import('../../../dist/index.js');
  const profiler = new Profiler({ rateHz, native });
  return {
    start: () => profiler.start(),
    stop() {
      const profile = profiler.stop();
      const { samples } = profile.totals;
      const save = (path) => writeFileSync(path, Buffer.concat([...bytesOf(profile)]));
      const { counters, meta } = profile;
      return { samples, counters, timer: meta.timer, save, profile };
    },
  };
}

function* bytesOf(profile) {
  for (const piece of profile.encode('sigprof')) yield Buffer.from(piece);
}

// The library needs Node 20.19; the addon does not.
function makeSigprofAddon(rateHz, native) {
  const { addon, problem } = require('../../../dist/native/load-addon.cjs').loadAddon();
  if (problem) throw new Error(problem.message);
  const options = { rateHz, mode: 'cpu', idle: false, maxBytes: 2 ** 26, native };
  return {
    start: () => addon.start(options),
    stop() {
      const batch = addon.stop();
      return { samples: 0, save: (path) => writeFileSync(path, new Uint8Array(batch)) };
    },
  };
}

async function makeInspector(rateHz) {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  const post = (method, parameters) => {
    let answer;
    session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer; // a session of the own thread answers before post() returns
  };
  post('Profiler.enable');
  post('Profiler.setSamplingInterval', { interval: Math.round(1e6 / rateHz) });
  return {
    start: () => post('Profiler.start'),
    stop() {
      const { profile } = post('Profiler.stop');
      const save = (path) => writeFileSync(path, JSON.stringify(stacksOfCpuProfile(profile)));
      return { samples: profile.samples.length, save };
    },
  };
}

// [[root, ..., leaf], count] for each node of a V8 profile that was a leaf.
function stacksOfCpuProfile({ nodes }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node.id);
  return nodes
    .filter(({ hitCount }) => hitCount > 0)
    .map(({ id, hitCount }) => {
      const names = [];
      for (let at = id; at !== undefined; at = parents.get(at)) {
        names.unshift(byId.get(at).callFrame.functionName);
      }
      return [names.slice(1), hitCount]; // without V8's own (root)
    });
}

async function makeDatadog(rateHz) {
  const { time } = require(process.env.BENCH_DATADOG);
  const intervalMicros = Math.round(1e6 / rateHz);
  return {
    start: () => time.start({ intervalMicros, durationMillis: 3_600_000 }),
    stop() {
      const profile = time.stop();
      const save = (path) => writeFileSync(path, JSON.stringify(stacksOfPprof(profile)));
      const samples = profile.sample.reduce((sum, { value }) => sum + Number(value[0]), 0);
      return { samples, save };
    },
  };
}

function stacksOfPprof({ sample, location, function: functions, stringTable }) {
  const locations = new Map(location.map((row) => [String(row.id), row]));
  const names = new Map(
    functions.map((row) => [String(row.id), stringTable.strings[Number(row.name)]]),
  );
  return sample.map(({ locationId, value }) => {
    const leafFirst = locationId.flatMap((id) =>
      locations.get(String(id)).line.map((line) => names.get(String(line.functionId))),
    );
    const [first, ...others] = leafFirst.reverse();
    // What V8 charges to no function stands under a root of this name here.
    if (first === 'Node.js') return [others.map(plainState), Number(value[0])];
    return [[first, ...others], Number(value[0])];
  });
}

// The words of V8's own profiler for the same states.
function plainState(name) {
  return name === 'Garbage Collection' ? '(garbage collector)' : `(${name.toLowerCase()})`;
}
