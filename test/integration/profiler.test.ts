import { describe, expect, test } from 'vitest';
import { HOT, libraryUrl, runModule } from './sigprof-process.ts';

// Each in a process of its own: the test runner's must never be sampled.
async function evaluate(source: string): Promise<unknown> {
  const library = `import * as sigprof from '${libraryUrl}'; const { Profiler, profile } = sigprof;`;
  const program = `${library} ${HOT}
    const tell = (value) => console.log(JSON.stringify(value));
    const codeOf = (call) => { try { call(); return 'no error'; } catch (error) { return error.code; } };
    ${source}`;
  const { stdout, stderr, code } = await runModule(program);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout);
}

describe('Profiler', () => {
  test('records between start and stop', async () => {
    const result = await evaluate(`
      const profiler = new Profiler({ rateHz: 500 });
      const states = [profiler.running, profiler.effectiveRateHz === undefined];
      profiler.start();
      states.push(profiler.running);
      hot(400);
      const recorded = profiler.stop();
      states.push(profiler.running, profiler.effectiveRateHz > 0);
      const [first] = recorded.functions({ limit: 1 });
      tell({ states, name: first.name, ms: first.selfWeight / 1e6, unit: recorded.meta.unit });`);
    expect(result).toMatchObject({
      states: [false, true, true, false, true],
      name: 'hot',
      unit: 'nanoseconds',
    });
    const { ms } = result as { ms: number };
    // CPU time of a loop that lasts 400 ms by the clock: less on a busy machine, never more.
    expect(ms).toBeGreaterThan(100);
    expect(ms).toBeLessThan(420);
  });

  test('records native frames when asked to', async () => {
    const result = await evaluate(`
      const { pbkdf2Sync } = await import('node:crypto');
      const namesWith = (options) => {
        const profiler = new Profiler({ rateHz: 500, ...options });
        profiler.start();
        pbkdf2Sync('secret', 'salt', 100000, 64, 'sha512');
        return profiler.stop().functions().map(({ name }) => name);
      };
      tell([namesWith({}), namesWith({ native: true })]);`);
    const [without, withNative] = result as string[][];
    const fromC = /\[(lib)?(node|crypto)/;
    expect(without?.filter((name) => fromC.test(name))).toEqual([]);
    expect(withNative?.filter((name) => fromC.test(name))).not.toEqual([]);
    expect(withNative).toContain('pbkdf2Sync');
  });

  test('records again and again', async () => {
    const counts = await evaluate(`
      const profiler = new Profiler({ rateHz: 1000 });
      const counts = [];
      for (let i = 0; i < 5; i++) { profiler.start(); hot(50); counts.push(profiler.stop().totals.samples); }
      tell(counts);`);
    for (const count of counts as number[]) expect(count).toBeGreaterThan(0);
  });

  test('is one at a time in a process', async () => {
    const codes = await evaluate(`
      const [one, other] = [new Profiler(), new Profiler()];
      const codes = [codeOf(() => one.stop())];
      one.start();
      codes.push(codeOf(() => one.start()), codeOf(() => other.start()), codeOf(() => other.stop()));
      one.stop();
      codes.push(codeOf(() => one.stop()), codeOf(() => { other.start(); other.stop(); }));
      tell(codes);`);
    expect(codes).toEqual([
      'ERR_SIGPROF_NOT_RUNNING',
      'ERR_SIGPROF_ALREADY_RUNNING',
      'ERR_SIGPROF_ALREADY_RUNNING',
      'ERR_SIGPROF_NOT_RUNNING',
      'ERR_SIGPROF_NOT_RUNNING',
      'no error',
    ]);
  });

  test('is ended by its disposal, running or not', async () => {
    const states = await evaluate(`
      const profiler = new Profiler();
      profiler[Symbol.dispose]();
      profiler.start();
      profiler[Symbol.dispose]();
      const states = [profiler.running, codeOf(() => new Profiler().start())];
      tell(states);`);
    expect(states).toEqual([false, 'no error']);
  });

  test('refuses wrong options before it loads anything', async () => {
    const codes = await evaluate(`
      tell([{ rateHz: 0 }, { mode: 'x' }, { rate: 5 }, { native: 1 }].map((options) => codeOf(() => new Profiler(options))));`);
    const invalid = 'ERR_SIGPROF_INVALID_OPTION';
    expect(codes).toEqual([invalid, invalid, invalid, invalid]);
  });
});

describe('profile()', () => {
  test('records for a while', async () => {
    const result = await evaluate(`
      const busy = setInterval(() => hot(20), 1);
      const recorded = await profile({ durationMs: 300 });
      clearInterval(busy);
      tell({ names: recorded.functions().map(({ name }) => name), ns: recorded.counters.durationNs });`);
    const { names, ns } = result as { names: string[]; ns: number };
    expect(names).toContain('hot');
    expect(ns).toBeGreaterThanOrEqual(299e6);
  });

  test('keeps a process without other work alive until it is done', async () => {
    expect(await evaluate('tell((await profile({ durationMs: 50 })).meta.mode);')).toBe('cpu');
  });

  test('resolves early when aborted, and with an empty profile when aborted before', async () => {
    const result = await evaluate(`
      const controller = new AbortController();
      const recording = profile({ durationMs: 60000, signal: controller.signal });
      hot(100);
      controller.abort();
      const early = await recording;
      const empty = await profile({ durationMs: 60000, signal: AbortSignal.abort() });
      tell([early.totals.samples > 0, empty.counters.durationNs < 1e9]);`);
    expect(result).toEqual([true, true]);
  });

  test('rejects when options are wrong', async () => {
    const code = await evaluate(
      'tell(await profile({ durationMs: 0 }).then(() => 0, (error) => error.code));',
    );
    expect(code).toBe('ERR_SIGPROF_INVALID_OPTION');
  });
});
