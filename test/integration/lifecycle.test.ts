// Starting and stopping again and again, and signals of others meanwhile and afterwards.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { useNative } from './native-fixture.ts';
import { HOT, isSoak, libraryUrl, runModule, TestProcess } from './sigprof-process.ts';

const attack = useNative('attack', 'addon');
const startStop = fileURLToPath(new URL('../fixtures/programs/start-stop.mjs', import.meta.url));

// `npm run test:soak` does 10,000 on every Node that the package runs on.
const CYCLES = isSoak ? 10_000 : 2000;
const NODES = isSoak
  ? await Promise.all(
      NODE_VERSIONS.filter((version) => Number.parseInt(version, 10) >= 20).map(nodeBinary),
    )
  : [process.execPath];

// Each cycle maps and frees a ring, tables and two threads' stacks; what malloc keeps of them settles
// at some MB. A leak of one such page table, thread or table per cycle would be far above this.
const MAX_GROWTH_BYTES = 24 * 2 ** 20;

test.each(NODES)(`${CYCLES} starts and stops leave nothing behind: %s`, async (node) => {
  const seed = Date.now() % 1_000_000;
  const args = ['--expose-gc', startStop, libraryUrl, String(CYCLES), String(seed)];
  const ended = await new TestProcess(node, args).ended;
  expect(ended, `seed ${seed}`).toMatchObject({ code: 0, stderr: '' });
  const { before, after, grownBytes, samples } = JSON.parse(ended.stdout);
  expect(before.timers).toBe(0);
  expect(after).toEqual(before);
  expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
  expect(samples).toBeGreaterThan(CYCLES / 10);
});

describe('a SIGURG that is not a tick', () => {
  async function evaluate(source: string): Promise<unknown> {
    const program = `
      import { createRequire } from 'node:module';
      import { Profiler } from '${libraryUrl}';
      const attack = createRequire('/')(${JSON.stringify(attack.path)});
      const SIGURG = 23;
      ${HOT}
      const settled = () => new Promise((resolve) => setTimeout(resolve, 50));
      const profiler = new Profiler({ rateHz: 1000 });
      ${source}`;
    const { code, signal, stdout, stderr } = await runModule(program);
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    return JSON.parse(stdout);
  }

  test('does no harm and is counted apart, during a recording and after it', async () => {
    const result = await evaluate(`
      profiler.start();
      hot(50);
      attack.signalSelf(SIGURG, 1000);
      const queued = attack.queueSelf(SIGURG, 1000);
      hot(50);
      const recorded = profiler.stop();
      attack.signalSelf(SIGURG, 1000);
      attack.queueSelf(SIGURG, 1000);
      await settled();
      console.log(JSON.stringify({
        ticks: recorded.totals.samples > 0, queued,
        foreign: recorded.counters.foreignSignals,
      }));`);
    // Standard signals are not queued: sent to the own thread each is taken at once, sent to the
    // process some of them meet.
    expect(result).toMatchObject({ ticks: true, queued: 1000 });
    const { foreign } = result as { foreign: number };
    expect(foreign).toBeGreaterThanOrEqual(1000);
    expect(foreign).toBeLessThanOrEqual(2000);
  });

  test('is passed on to the handler that was there before, and ticks are not', async () => {
    const result = await evaluate(`
      attack.handle(SIGURG);
      profiler.start();
      hot(100);
      const ticksSeen = attack.seen();
      attack.signalSelf(SIGURG, 500);
      const during = attack.seen();
      const samples = profiler.stop().totals.samples;
      attack.signalSelf(SIGURG, 500);
      console.log(JSON.stringify({ samples: samples > 5, ticksSeen, during, after: attack.seen() }));`);
    expect(result).toEqual({ samples: true, ticksSeen: 0, during: 500, after: 1000 });
  });

  test('is passed on to a listener of the program', async () => {
    const result = await evaluate(`
      let seen = 0;
      process.on('SIGURG', () => seen++);
      profiler.start();
      hot(100);
      await settled();
      const ticksSeen = seen;
      process.kill(process.pid, 'SIGURG');
      await settled();
      profiler.stop();
      console.log(JSON.stringify({ ticksSeen, seen }));`);
    expect(result).toEqual({ ticksSeen: 0, seen: 1 });
  });
});

describe('a program that takes the tick signal', () => {
  const evaluate = async (source: string) => {
    const program = `import { Profiler } from '${libraryUrl}'; ${HOT}
      const settled = () => new Promise((resolve) => setTimeout(resolve, 300));
      const profiler = new Profiler({ rateHz: 500 }); profiler.start(); hot(100); ${source}`;
    const ended = await runModule(program);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(ended.stdout);
  };

  test('is soon left alone, and the loss is told', async () => {
    const result = await evaluate(`
      let seen = 0;
      process.on('SIGURG', () => seen++);
      hot(600);
      await settled();
      const soon = seen;
      hot(300);
      await settled();
      const recorded = profiler.stop();
      console.log(JSON.stringify({ more: seen - soon, lost: recorded.counters.lost.signalTaken,
        names: recorded.functions().filter(({ selfWeight }) => selfWeight > 2e8).map(({ name }) => name) }));`);
    // The time without ticks is not given to whoever ran last.
    expect(result).toEqual({ more: 0, lost: 1, names: ['(program)'] });
  });

  test('is refused a new recording as long as it has it, with the reason', async () => {
    const result = await evaluate(`
      const listener = () => {};
      process.on('SIGURG', listener);
      await settled();
      profiler.stop();
      let code;
      try { profiler.start(); } catch (error) { code = error.code; }
      process.removeListener('SIGURG', listener);
      profiler.start();
      hot(100);
      console.log(JSON.stringify({ code, again: profiler.stop().totals.samples > 5 }));`);
    expect(result).toEqual({ code: 'ERR_SIGPROF_SIGNAL_TAKEN', again: true });
  });
});
