import { describe, expect, it } from 'vitest';
import { decodeV8Log } from '../../../src/formats/v8-log-decoder.ts';
import { sumSamples } from '../../../src/model/profile-data.ts';
import { Profile } from '../../../src/profile.ts';
import { fold } from './fold.ts';

const source = 'function leaf() {\n  return 1;\n}\nfunction outer() {\n  return leaf();\n}\n';
const js = (name: string, fn: number, start: number, more: object = {}) => ({
  name,
  type: 'JS',
  kind: 'Unopt',
  func: fn,
  tm: 1,
  source: { script: 1, start, end: 60, positions: `C0O${start}`, inlined: '', fns: [], ...more },
});

/** Code: 0 leaf, 1 outer, 2 outer optimised with leaf inlined, then code that is no JavaScript. */
const file = (ticks: readonly unknown[]) => ({
  code: [
    js('leaf /a b.js:1:14', 0, 13),
    js('outer /a b.js:4:15', 1, 46),
    js('outer /a b.js:4:15', 1, 46, {
      positions: 'C0O46C10O60C20O20I0C30O60',
      inlined: 'F0O60',
      fns: [0],
    }),
    { name: 'ArrayPrototypeSort', type: 'CODE', kind: 'Builtin' },
    { name: 'LdaZero', type: 'CODE', kind: 'BytecodeHandler' },
    { name: '/lib/libc.so.6', type: 'SHARED_LIB' },
    { name: 'node::Start()', type: 'CPP' },
    { name: 'a+b', type: 'CODE', kind: 'RegExp' },
  ],
  functions: [
    { name: 'leaf /a b.js:1:14', codes: [0] },
    { name: 'outer /a b.js:4:15', codes: [1, 2] },
  ],
  ticks,
  scripts: [null, { name: '/a b.js', source }],
});
const tick = (s: readonly number[], vm = 0, tm = 1000) => ({ tm, vm, s });
const decode = (ticks: readonly unknown[], lenient = false) =>
  decodeV8Log(Buffer.from(JSON.stringify(file(ticks))), { lenient });

describe('decodeV8Log', () => {
  it('gives inlined functions their time, by the tables of the code', () => {
    const profile = decode([tick([2, 25]), tick([2, 12]), tick([2, 35])]);
    expect(fold(profile)).toBe('outer (/a b.js:4) 2\nouter (/a b.js:4);leaf (/a b.js:1) 1\n');
    expect(fold(profile, { lines: true })).toMatch(/outer \(\/a b.js:5\);leaf \(\/a b.js:2\) 1/);
  });

  it("takes a caller's place from before its return address", () => {
    // 20 is the first instruction after the call at 10: the call was not in the inlined leaf.
    expect(fold(decode([tick([3, 0, 2, 20])]))).toBe(
      'outer (/a b.js:4);Array.prototype.sort [builtin] 1\n',
    );
  });

  it('names what is no JavaScript, and leaves the interpreter out', () => {
    const profile = decode([
      tick([4, 0, 0, 3, 1, 9]),
      tick([5, 1, 6, 7]),
      tick([7, 1]),
      tick([-1, 99, 0, 1], 1),
      tick([-1, 5]),
    ]);
    expect(fold(profile)).toBe(
      [
        '(program) 1',
        'RegExp: a+b 1',
        'leaf (/a b.js:1);(garbage collector) 1',
        'node::Start();(native) [libc.so.6] 1',
        'outer (/a b.js:4);leaf (/a b.js:1) 1',
        '',
      ].join('\n'),
    );
  });

  it('is told by its content', () => {
    const bytes = Buffer.from(JSON.stringify(file([tick([0, 1]), tick([0, 1], 0, 3000)]), null, 2));
    const profile = Profile.read(bytes);
    expect(profile.totals).toEqual({ weight: 2, samples: 2 });
    expect(profile.counters.durationNs).toBe(2_000_000);
  });

  it('refuses ticks in unknown code, skips and counts them when lenient', () => {
    const ticks = [tick([0, 1]), tick([99, 1])];
    expect(() => decode(ticks)).toThrow('tick 1 is in code 99 at 1, which is none');
    const profile = decode(ticks, true);
    expect(sumSamples(profile.samples).samples).toBe(1);
    expect(profile.warnings[0]).toMatch(/^1 ticks skipped/);
    expect(() => decode([{ s: [] }])).toThrow('"tm" of tick 0 is undefined, no number');
    expect(() => decode([tick([])]).samples.length).not.toThrow();
  });

  it('survives inlining tables that go in circles', () => {
    const broken = file([tick([2, 25])]);
    Object.assign((broken.code[2] as { source: object }).source, { inlined: 'F0O60I0F0O1I7' });
    const profile = decodeV8Log(Buffer.from(JSON.stringify(broken)));
    expect(sumSamples(profile.samples).samples).toBe(1);
  });
});
