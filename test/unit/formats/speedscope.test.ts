import { describe, expect, it } from 'vitest';
import { decodeSpeedscope } from '../../../src/formats/speedscope-decoder.ts';
import { sumSamples } from '../../../src/model/profile-data.ts';
import { makeProfile } from '../model/make-profile.ts';
import { encodeAs, fold, jsonOf } from './fold.ts';

const decode = (file: unknown, lenient = false) =>
  decodeSpeedscope(Buffer.from(JSON.stringify(file)), { lenient });

const frames = [{ name: 'main', file: '/a.js', line: 3, col: 9 }, { name: 'x' }];
const sampled = (more: object = {}) => ({
  shared: { frames },
  profiles: [
    {
      type: 'sampled',
      name: 'p',
      unit: 'seconds',
      startValue: 0,
      endValue: 3,
      samples: [[0], [0, 1]],
      weights: [0.5, 2.5],
      ...more,
    },
  ],
});
const evented = (events: readonly unknown[]) => ({
  shared: { frames },
  profiles: [
    { type: 'evented', name: 'p', unit: 'milliseconds', startValue: 0, endValue: 9, events },
  ],
});
const O = (frame: number, at: number) => ({ type: 'O', frame, at });
const C = (frame: number, at: number) => ({ type: 'C', frame, at });

describe('encodeSpeedscope', () => {
  it('writes the samples of each thread in their order', () => {
    const file = jsonOf(
      encodeAs(
        'speedscope',
        makeProfile([
          { frames: ['a', { name: 'b', script: '/x.js', line: 4, column: 2 }], weight: 5 },
          { frames: ['w'], weight: 7, thread: 12 },
          { frames: [], weight: 1 },
          { frames: ['a'], weight: 2 },
        ]),
      ),
    ) as unknown as { shared: { frames: unknown }; profiles: unknown };
    expect(file.shared.frames).toEqual([
      { name: 'a' },
      { name: 'b', file: '/x.js', line: 4, col: 2 },
      { name: 'w' },
      { name: '(program)' },
    ]);
    const common = { type: 'sampled', unit: 'nanoseconds', startValue: 0 };
    expect(file.profiles).toEqual([
      {
        ...common,
        name: 'thread (0): main',
        endValue: 8,
        samples: [[0, 1], [3], [0]],
        weights: [5, 1, 2],
      },
      { ...common, name: 'thread (12): worker', endValue: 7, samples: [[2]], weights: [7] },
    ]);
  });

  it('gives text in pieces, none much longer than 64 Ki characters', () => {
    const deep = Array.from({ length: 50_000 }, (_, i) => `function${i}`);
    const profile = makeProfile([{ frames: deep }, { frames: deep.slice(1) }]);
    for (const format of ['speedscope', 'cpuprofile']) {
      const bytes = encodeAs(format, profile);
      expect(bytes.length).toBeGreaterThan(500_000);
      expect(() => jsonOf(bytes)).not.toThrow();
    }
  });
});

describe('decodeSpeedscope', () => {
  it('reads sampled profiles in any unit of time', () => {
    const profile = decode(sampled());
    expect(fold(profile)).toBe('main (/a.js:3) 500000\nmain (/a.js:3);x 2500000\n');
  });

  it('reads evented profiles; time without a frame is nobody’s', () => {
    const events = [O(0, 1), O(1, 2), C(1, 5), C(0, 6), O(1, 8), C(1, 9)];
    expect(fold(decode(evented(events)))).toBe(
      'main (/a.js:3) 2000\nmain (/a.js:3);x 3000\nx 1000\n',
    );
  });

  it.each([
    ['no profiles', { shared: { frames } }, '"profiles" is missing'],
    ['no frames', { profiles: [] }, '"shared" is missing'],
    [
      'weights of another number',
      sampled({ weights: [1] }),
      'profile 0 has 2 samples and 1 weights',
    ],
    ['a negative weight', sampled({ weights: [1, -4] }), 'sample 1 of profile 0 weighs -4'],
    ['a weight that is none', sampled({ weights: [null, 1] }), 'sample 0 of profile 0 weighs null'],
    ['a huge weight', sampled({ weights: [1e300, 1] }), 'sample 0 of profile 0 weighs 1e+300'],
    [
      'an unknown frame',
      sampled({ samples: [[0], [7]] }),
      'sample 1 of profile 0 has frame 7, which is none',
    ],
    ['an unknown type', sampled({ type: 'x' }), 'profile 0 is of type "x", which is not known'],
    ['open frames', evented([O(0, 1)]), 'profile 0 ends with 1 frames open'],
    [
      'a wrong close',
      evented([O(0, 1), C(1, 2)]),
      'event 1 of profile 0 closes frame 1, which is not the innermost',
    ],
    [
      'time that runs back',
      evented([O(0, 5), C(0, 2)]),
      'event 1 of profile 0 is earlier than the one before',
    ],
    [
      'an event that opens nothing',
      evented([O(99, 1)]),
      'event 0 of profile 0 opens frame 99, which is none',
    ],
    [
      'time and bytes',
      {
        shared: { frames },
        profiles: [sampled().profiles[0], sampled({ unit: 'bytes' }).profiles[0]],
      },
      'its profiles count different things: nanoseconds, bytes',
    ],
  ])('refuses %s, naming the place', (_, file, message) => {
    expect(() => decode(file)).toThrow(message);
  });

  it('skips and counts bad samples when lenient', () => {
    const profile = decode(sampled({ weights: [0.5, -1] }), true);
    expect(sumSamples(profile.samples).weight).toBe(500_000_000);
    expect(profile.warnings[0]).toMatch(/^1 samples skipped; the first is sample 1 of profile 0/);
  });
});
