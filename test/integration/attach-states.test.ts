// Processes in the states in which one is asked about them: stuck in a native call, collecting garbage all the time, very deep
// in calls. (In a loop: dump.test.ts, attach-life.test.ts.)
import { afterEach, expect, test } from 'vitest';
import { nodeBinary } from '../../scripts/fetch-nodes.mjs';
import type { ProcessDump, ThreadDump } from '../../src/session/dump.ts';
import { Attachment } from './attached-program.ts';
import { hasFrame, mainThreadSamples, type Sample, weightOf } from './recorded-program.ts';
import { sigprof, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const started: TestProcess[] = [];
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

/** A process whose main thread is in the function `stuck`, for good. */
async function stuckIn(body: string, flags: readonly string[] = []): Promise<number> {
  const source = `function stuck() { ${body} } console.log('up'); stuck();`;
  const target = new TestProcess(await nodeBinary('24.21.0'), [...flags, '-e', source]);
  started.push(target);
  await target.said(/up/);
  return target.child.pid as number;
}

async function mainThread(pid: number): Promise<ThreadDump> {
  const { stdout } = await sigprof(['dump', '-j', '-p', String(pid)]);
  const [process] = JSON.parse(stdout) as [ProcessDump];
  return process.threads.find(({ kind }) => kind === 'main') as ThreadDump;
}

async function record(pid: number): Promise<readonly Sample[]> {
  const attachment = await Attachment.to(pid, folder.path, ['-r', '500', '-d', '0.5']);
  const profile = await attachment.profile();
  expect(profile.counters.incompleteSamples).toBe(0);
  const samples = mainThreadSamples(profile);
  expect(samples.length).toBeGreaterThan(10);
  return samples;
}

const names = ({ frames }: ThreadDump) => frames.map(({ name }) => name);

test('a thread in a long native call shows who made it', async () => {
  const pid = await stuckIn("require('crypto').pbkdf2Sync('a', 'b', 2 ** 31 - 1, 64, 'sha1');");
  const main = await mainThread(pid);
  expect(main).toMatchObject({ state: 'native', complete: true });
  expect(names(main).slice(0, 2)).toEqual(['pbkdf2Sync', 'stuck']);
  for (const { frames } of await record(pid)) {
    expect(frames.slice(-2).map(({ name }) => name)).toEqual(['stuck', 'pbkdf2Sync']);
  }
});

test('a thread that collects garbage shows on whose behalf', async () => {
  const body = `const kept = Array.from({ length: 300_000 }, (_, i) => [i]);
    console.log('full'); for (;;) gc();`;
  const pid = await stuckIn(body, ['--expose-gc']);
  await started.at(-1)?.said(/full/);
  // All but a few looks find it there.
  await expect.poll(async () => (await mainThread(pid)).state).toBe('gc');
  const samples = await record(pid);
  const isWhole = ({ frames }: Sample) => frames.some(({ name }) => name === 'stuck');
  expect(samples.every(isWhole)).toBe(true);
  // A collection of 300,000 objects against the call of one.
  const collected = weightOf(samples, hasFrame('(garbage collector)'));
  expect(collected / weightOf(samples, () => true)).toBeGreaterThan(0.5);
});

test('of a recursion 10,000 frames deep both ends are shown', async () => {
  const DEPTH = 10_000;
  const body = `const down = (n) => { if (n === 0) for (;;); down(n - 1); }; down(${DEPTH});`;
  const pid = await stuckIn(body, ['--stack-size=3900']);
  const shown = names(await mainThread(pid));
  const cut = shown.indexOf('[truncated]');
  // The 1024 innermost, and of the 64 outermost those that are no entry from C++.
  expect(cut).toBe(1024);
  expect(new Set(shown.slice(0, cut))).toEqual(new Set(['down']));
  expect(shown.length - cut - 1).toBeGreaterThan(50);
  expect(shown.slice(cut + 1)).toContain('stuck');
  for (const { frames } of await record(pid)) {
    const all = frames.map(({ name }) => name);
    expect(all.at(-1)).toBe('down');
    expect(all).toContain('stuck');
  }
});
