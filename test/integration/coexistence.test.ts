// Other profilers in the same process: both profiles are fine.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { hasFrame, samplesOf, weightOf } from './recorded-program.ts';
import { preloadPath, TestProcess, useFolder } from './sigprof-process.ts';
import { effectiveCount, shareError } from './statistics.ts';

const folder = useFolder();
const datadog = createRequire(import.meta.url).resolve('@datadog/pprof');

// Two functions that share the CPU time about 3 to 1, in turns of random length, so that no timer beats against them. What
// they got in truth, in ns of the thread's CPU time, the kernel tells; it goes to a file when the program ends.
const SHARES = `
  const { readFileSync, writeFileSync } = require('node:fs');
  const ran = { heavy: 0, light: 0 };
  function heavy(ms) { const start = cpuNs(); burn(3 * ms); ran.heavy += cpuNs() - start; }
  function light(ms) { const start = cpuNs(); burn(ms); ran.light += cpuNs() - start; }
  function burn(ms) { const end = used() + ms * 1000; while (used() < end); }
  function used() { const { user, system } = process.cpuUsage(); return user + system; }
  function cpuNs() { return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]); }
  function work(rounds) {
    for (let i = 0; i < rounds; i++) { const ms = 1 + 2 * Math.random(); heavy(ms); light(ms); }
  }
  process.on('exit', () => writeFileSync('truth.json', JSON.stringify(ran)));`;

function run(node: string, args: readonly string[], source: string) {
  const flags = ['-r', preloadPath, ...args, '-e', `${SHARES} ${source}`];
  return new TestProcess(node, flags, {
    cwd: folder.path,
    env: {
      SIGPROF_AUTOSTART: '1',
      SIGPROF_RATE: '500',
      SIGPROF_DIR: folder.path,
      SIGPROF_FORMATS: 'sigprof',
      SIGPROF_DURATION: '60',
    },
  }).ended;
}

const fileNamed = (pattern: RegExp) => {
  const name = readdirSync(folder.path).find((entry) => pattern.test(entry));
  return readFileSync(join(folder.path, name as string), 'utf8');
};

/** Our recording's share of heavy in both functions' time is what it was, as well as sampling can tell. */
function expectOwnShare(): void {
  const [file] = readdirSync(folder.path).filter((name) => name.endsWith('.sigprof'));
  const samples = samplesOf(join(folder.path, file as string));
  const inBoth = samples.filter((sample) => hasFrame('heavy')(sample) || hasFrame('light')(sample));
  const share = weightOf(inBoth, hasFrame('heavy')) / weightOf(inBoth, () => true);
  const ran = JSON.parse(fileNamed(/^truth\.json$/));
  const truth = ran.heavy / (ran.heavy + ran.light);
  const weights = inBoth.map(({ weightNs }) => weightNs);
  expect(effectiveCount(weights)).toBeGreaterThan(20);
  expect(Math.abs(share - truth)).toBeLessThan(shareError(truth, weights));
}

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string }; children?: number[] }[];
  samples: number[];
}

/**
 * The same of a profile by V8, which knows heavy and light when they are not inlined. By number: V8 weighs by elapsed time,
 * in which on a busy machine either function may be off the CPU for long.
 */
function shareOf({ nodes, samples }: CpuProfile): number {
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const isIn = (sample: number | undefined, name: string): boolean =>
    sample !== undefined && (names.get(sample) === name || isIn(parents.get(sample), name));
  const of = (name: string) => samples.filter((sample) => isIn(sample, name)).length;
  return of('heavy') / (of('heavy') + of('light'));
}

// The others are not ours to judge: both functions have to be there, the right one ahead.
const plausible = (share: number) => {
  expect(share).toBeGreaterThan(0.5);
  expect(share).toBeLessThan(1);
};

describe.each(NODE_VERSIONS)('in one process of Node %s', (version) => {
  test('--cpu-prof and sigprof both see all', async () => {
    const ended = await run(await nodeBinary(version), ['--cpu-prof'], 'work(80)');
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    plausible(shareOf(JSON.parse(fileNamed(/\.cpuprofile$/))));
    expectOwnShare();
  });

  test("the inspector's profiler, started and stopped again and again, and sigprof both see all", async () => {
    const source = `
      const { Session } = require('node:inspector');
      const session = new Session();
      session.connect();
      const post = (method) => new Promise((resolve, reject) =>
        session.post(method, (error, result) => error ? reject(error) : resolve(result)));
      (async () => {
        await post('Profiler.enable');
        let last;
        for (let i = 0; i < 10; i++) {
          await post('Profiler.start');
          work(i === 9 ? 60 : 3);
          last = (await post('Profiler.stop')).profile;
        }
        console.log(JSON.stringify(last));
      })();`;
    const ended = await run(await nodeBinary(version), [], source);
    expect(ended.code).toBe(0);
    plausible(shareOf(JSON.parse(ended.stdout)));
    expectOwnShare();
  });

  test('@datadog/pprof and sigprof both see all', async () => {
    const source = `
      const { time } = require(${JSON.stringify(datadog)});
      time.start({ intervalMicros: 2000, durationMillis: 60000 });
      work(80);
      const profile = time.stop();
      const text = (index) => profile.stringTable.strings[Number(index)];
      const names = new Map(profile.function.map((entry) => [String(entry.id), text(entry.name)]));
      const functions = new Map(profile.location.map(({ id, line }) => [String(id), line.map((each) => names.get(String(each.functionId)))]));
      const of = (name) => profile.sample.reduce((sum, { locationId, value }) =>
        sum + (locationId.some((id) => functions.get(String(id)).some((each) => each.includes(name))) ? Number(value[0]) : 0), 0);
      console.log(of('heavy'), of('light'));`;
    const ended = await run(await nodeBinary(version), [], source);
    expect(ended).toMatchObject({ code: 0 });
    const [heavy = 0, light = 0] = ended.stdout.split(' ').map(Number);
    plausible(heavy / (heavy + light));
    expectOwnShare();
  });

  test('--prof and sigprof both see all', async () => {
    const ended = await run(
      await nodeBinary(version),
      ['--prof', '--no-logfile-per-isolate'],
      'work(80)',
    );
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(fileNamed(/^v8\.log$/).match(/^tick,/gm)?.length).toBeGreaterThan(20);
    expectOwnShare();
  });
});
