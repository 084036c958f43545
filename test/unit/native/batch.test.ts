import { describe, expect, it } from 'vitest';
import { SigprofError } from '../../../src/model/errors.ts';
import { decodeBatch } from '../../../src/native/batch.ts';
import { BatchWriter } from './batch-writer.ts';

const smallRecording = () =>
  new BatchWriter()
    .meta({ pid: 7, mode: 'cpu', rateHz: 100, cwd: '/app', nodeVersion: 'v20.0.0' })
    .strings(1, ['main', '/app/a.js', 'leaf ☕'])
    .functions(0, [
      [1, 2, 3, 4, 0],
      [3, 0, -1, 0, 1],
    ])
    .frames(0, [
      [0, 10, 2, 0],
      [1, 0, 0, 1],
    ])
    .stacks(1, [
      [0, 0],
      [1, 1],
    ])
    .threads([[5, 4711, 0, 1]])
    .samples([
      [1_000_000n, 10_000_000n, 5, 2, 1, 0],
      [2n ** 40n, 2n ** 33n + 1n, 5, 0, 3, 1],
    ]);

const codeOf = (bytes: Uint8Array) => {
  try {
    decodeBatch(bytes);
  } catch (error) {
    return error instanceof SigprofError ? error.code : error;
  }
  return 'no error';
};

describe('decodeBatch', () => {
  it('reads every table of a small recording', () => {
    const profile = decodeBatch(
      smallRecording()
        .counters({ cpuNs: 5, lost: { ringFull: 2 } })
        .bytes(),
    );
    expect(profile.warnings).toEqual([]);
    expect(profile.meta).toMatchObject({ pid: 7, unit: 'nanoseconds', cwd: '/app' });
    expect(profile.strings).toEqual(['', 'main', '/app/a.js', 'leaf ☕']);
    expect([...Array.from(profile.functions.line)]).toEqual([3, -1]);
    expect(Array.from(profile.frames.flags)).toEqual([0, 1]);
    expect(Array.from(profile.stacks.parent)).toEqual([0, 0, 1]);
    expect(profile.threads).toEqual([{ tid: 4711, kind: 'main', name: 'main' }]);
    expect(Array.from(profile.samples.weight)).toEqual([1e7, 2 ** 33 + 1]);
    expect(Array.from(profile.samples.timeNs)).toEqual([1e6, 2 ** 40]);
    expect(Array.from(profile.samples.thread)).toEqual([0, 0]);
    expect(profile.counters).toEqual({ cpuNs: 5, lost: { ringFull: 2 } });
  });

  it('reads the same from an ArrayBuffer and from bytes anywhere in a larger buffer', () => {
    const bytes = smallRecording().bytes();
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    const expected = decodeBatch(bytes);
    expect(decodeBatch(larger.subarray(3))).toEqual(expected);
    expect(decodeBatch(bytes.slice().buffer)).toEqual(expected);
  });

  it('lets a later row rename a thread', () => {
    const writer = smallRecording()
      .strings(4, ['renamed'])
      .threads([[5, 4711, 1, 4]]);
    expect(decodeBatch(writer.bytes()).threads).toEqual([
      { tid: 4711, kind: 'worker', name: 'renamed' },
    ]);
  });

  it('lets the last counters count', () => {
    const writer = smallRecording().counters({ cpuNs: 1 }).counters({ cpuNs: 2 });
    expect(decodeBatch(writer.bytes()).counters.cpuNs).toBe(2);
  });

  it('skips chunks of unknown types', () => {
    const bytes = smallRecording().chunk(99, new Uint8Array(13)).counters({ cpuNs: 1 }).bytes();
    expect(decodeBatch(bytes).counters.cpuNs).toBe(1);
  });

  it('drops a torn last chunk wherever it is torn, and says so', () => {
    const writer = smallRecording();
    const intact = writer.bytes().length;
    const whole = writer.samples([[9n, 9n, 5, 1, 1, 0]]).bytes();
    for (let length = intact + 1; length < whole.length; length++) {
      const profile = decodeBatch(whole.subarray(0, length));
      expect(profile.samples.length).toBe(2);
      expect(profile.warnings).toEqual([
        `the last chunk is torn: ${length - intact} bytes at ${intact} dropped`,
      ]);
    }
    expect(decodeBatch(whole).samples.length).toBe(3);
  });

  it('never throws anything but SigprofError when cut or damaged', () => {
    const bytes = smallRecording().counters({}).bytes();
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        expect(['no error', 'ERR_SIGPROF_INVALID_PROFILE']).toContain(codeOf(damaged));
      }
      expect(['no error', 'ERR_SIGPROF_INVALID_PROFILE']).toContain(codeOf(bytes.slice(0, at)));
    }
  });

  it.each([
    ['other bytes', () => new TextEncoder().encode('foo;bar 1\n'), /not a sigprof recording/],
    ['a newer version', () => smallRecording().version(9).bytes(), /version 9/],
    ['bad JSON', () => new BatchWriter().chunk(1, new Uint8Array([1])).bytes(), /META.*JSON/],
    ['a gap in ids', () => smallRecording().strings(9, ['x']).bytes(), /row 9 instead of 4/],
    [
      'an unknown string',
      () =>
        smallRecording()
          .functions(2, [[77, 0, 0, 0, 0]])
          .bytes(),
      /string 77/,
    ],
    [
      'a later parent',
      () =>
        smallRecording()
          .stacks(3, [[3, 0]])
          .bytes(),
      /stack 3 has the later/,
    ],
    [
      'an unknown stack',
      () =>
        smallRecording()
          .samples([[0n, 0n, 5, 9, 1, 0]])
          .bytes(),
      /stack 9/,
    ],
    [
      'an unknown thread',
      () =>
        smallRecording()
          .samples([[0n, 0n, 8, 1, 1, 0]])
          .bytes(),
      /thread 8/,
    ],
    [
      'too few bytes for its rows',
      () => new BatchWriter().chunk(7, new Uint8Array([9, 0, 0, 0, 0, 0, 0, 0])).bytes(),
      /too short/,
    ],
  ])('refuses %s with a reason', (_, bytes, reason) => {
    expect(() => decodeBatch(bytes())).toThrow(reason);
    expect(codeOf(bytes())).toBe('ERR_SIGPROF_INVALID_PROFILE');
  });
});
