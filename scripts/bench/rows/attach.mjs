// What recording a process from outside costs that process, and us.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root, ScriptError } from '../../lib/run.mjs';
import { runProgram } from '../lib/program.mjs';
import { summarize } from '../lib/statistics.mjs';

const cli = join(root, 'dist/cli/main.js');
const library = pathToFileURL(join(root, 'dist/index.js')).href;
const RECORD_SECONDS = 2;
const REST_SECONDS = 1;
const SEGMENT_MS = 10;
// After a process has started or ended beside it, the program is left alone for so long.
const SETTLE_MS = 150;

export const row = {
  name: 'attach',
  title: 'Recording from outside',
  unit: 'one busy thread, 30 frames deep',
  shows:
    "Stop: how long the thread stood still for one sample, by sigprof's own account. Throughput: wall-clock time of the same work while it is recorded at 100 Hz, against before and after. Looks: what `-r 1000` reached. CPU of sigprof: of the whole command while it records at 100 Hz. Dump: from the start of the command to its end.",

  async run({ repeats }) {
    const folder = mkdtempSync(join(tmpdir(), 'sigprof-bench-'));
    try {
      return tableOf(await measure(repeats(5), folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure(rounds, folder) {
  const found = { slow: [], fast: [], dumps: [], rests: [] };
  const seconds = 2 + rounds * (2 * (RECORD_SECONDS + 1) + REST_SECONDS + 2);
  const beside = async (pid) => {
    for (let i = 0; i < rounds; i++) {
      const beginMs = Date.now();
      await delay(REST_SECONDS * 1000);
      found.rests.push([beginMs + SETTLE_MS, Date.now()]);
      found.slow.push(await record(pid, 100, folder));
      found.fast.push(await record(pid, 1000, folder));
      found.dumps.push(await dump(pid));
    }
  };
  const settings = { depth: 30, seconds, segmentMs: SEGMENT_MS };
  const { segments } = await runProgram('attached', settings, { beside });
  return { ...found, segments };
}

function command(args) {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  child.stdout.resume();
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new ScriptError(`sigprof ${args[0]} ended with ${code}: ${errors}`));
    });
  });
  return { pid: child.pid, ended };
}

// When it sampled, what the command used meanwhile, and what the profile tells.
async function record(pid, rateHz, folder) {
  const file = join(folder, 'recorded.sigprof');
  const args = ['record', '-r', String(rateHz), '-d', String(RECORD_SECONDS), '-o', file];
  const recorder = command([...args, '-p', String(pid)]);
  while (/^TracerPid:\t0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await delay(5);
  await delay(SETTLE_MS);
  const beginMs = Date.now();
  const cpuNs = cpuNsOf(recorder.pid);
  await delay(RECORD_SECONDS * 1000 - 2 * SETTLE_MS);
  const endMs = Date.now();
  const cpuShare = (cpuNsOf(recorder.pid) - cpuNs) / 1e6 / (endMs - beginMs);
  await recorder.ended;
  const { Profile } = await import(library);
  const { counters, meta } = Profile.read(file);
  return { period: [beginMs, endMs], cpuShare, counters, effectiveRateHz: meta.effectiveRateHz };
}

async function dump(pid) {
  const startMs = performance.now();
  await command(['dump', '-p', String(pid)]).ended;
  return (performance.now() - startMs) / 1000;
}

// Of all threads; as of their last tick where they run.
function cpuNsOf(pid) {
  const tids = readdirSync(`/proc/${pid}/task`);
  const times = tids.map((tid) => readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8'));
  return times.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0);
}

/** Mean time of the segments that lie within a period, without the slowest tenth, which other processes cost. */
function segmentMs(segments, [beginMs, endMs]) {
  const times = segments
    .filter(([startMs, ms]) => startMs >= beginMs && startMs + ms <= endMs)
    .map(([, ms]) => ms)
    .sort((a, b) => a - b);
  if (times.length === 0) throw new ScriptError('the program did no work meanwhile');
  const kept = times.slice(0, Math.ceil(times.length * 0.9));
  return kept.reduce((sum, ms) => sum + ms, 0) / kept.length;
}

function tableOf({ slow, fast, dumps, rests, segments }) {
  const own = (list) => ({ sigprof: summarize(list) });
  const restMs = rests.map((period) => segmentMs(segments, period));
  const lost = slow.map(({ period }, i) => {
    const beside = [restMs[i], restMs[i + 1] ?? restMs[i]];
    return (segmentMs(segments, period) / ((beside[0] + beside[1]) / 2) - 1) * 100;
  });
  const noise = restMs.slice(1).map((ms, i) => (ms / restMs[i] - 1) * 100);
  // Of stops that came late, on a busy machine, it is not known when they began.
  const known = fast.filter(({ counters }) => counters.pauses > 0);
  const micros = (key) => own(known.map(({ counters }) => counters[key] / 1000));
  return {
    columns: ['sigprof'],
    figures: [
      { label: 'stop, median', unit: 'µs', values: micros('pauseMedianNs'), goal: { below: 50 } },
      { label: 'stop, 99th percentile', unit: 'µs', values: micros('pauseP99Ns') },
      { label: 'throughput lost at 100 Hz', unit: '%', values: own(lost), goal: { below: 1 } },
      ...(noise.length === 0
        ? []
        : [{ label: 'noise: without us against without', unit: '%', values: own(noise) }]),
      {
        label: 'looks a second at 1000 Hz',
        values: own(fast.map(({ effectiveRateHz }) => effectiveRateHz)),
        goal: { above: 950 },
      },
      {
        label: 'CPU of sigprof at 100 Hz',
        unit: '% of a core',
        values: own(slow.map(({ cpuShare }) => cpuShare * 100)),
        goal: { below: 5 },
      },
      { label: 'dump', unit: 's', values: own(dumps), goal: { below: 0.5 } },
    ],
  };
}
