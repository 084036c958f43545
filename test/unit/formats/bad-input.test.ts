import { describe, expect, it } from 'vitest';
import { Profile } from '../../../src/profile.ts';
import { makeProfile } from '../model/make-profile.ts';
import { Random } from '../model/random.ts';
import { encodeAs } from './fold.ts';

const sample = makeProfile(
  Array.from({ length: 40 }, (_, i) => ({
    frames: ['main', { name: `f${i % 7}`, script: '/a.js', line: i, executing: i + 1 }],
    weight: 1000 * i,
    thread: i % 2,
  })),
  { title: 'node x' },
);

/** Reads bytes; the error's message, which has to be one line and sigprof's own. */
function problemOf(bytes: Uint8Array, options: object = {}): string | undefined {
  try {
    Profile.read(bytes, options);
    return undefined;
  } catch (error) {
    expect((error as { code?: string }).code).toMatch(
      /^ERR_SIGPROF_(?:INVALID_PROFILE|UNKNOWN_FORMAT)$/,
    );
    const { message } = error as Error;
    expect(message).not.toMatch(/\n/);
    return message;
  }
}

const FORMATS = ['speedscope', 'cpuprofile', 'pprof', 'collapsed', 'sigprof'];

describe('files that are none', () => {
  it.each([
    ['nothing', '', /it is empty/],
    ['only spaces', ' \n \n', /neither its name nor its content/],
    ['a picture', '<svg xmlns="http://www.w3.org/2000/svg">', /it is a picture or page/],
    ["perf's recording", 'PERFILE2xyz', /fold it with 'perf script \| stackcollapse-perf.pl'/],
    ["V8's raw log", 'v8-version,11,3,244\n', /run 'node --prof-process --preprocess'/],
    ['a Chrome trace', '{"traceEvents":[]}', /it is a Chrome trace/],
    ['JSON of something else', '{"a":1}', /neither its name nor its content/],
    ['an array', '[1,2]', /neither its name nor its content/],
  ])('are told apart: %s', (_, text, message) => {
    expect(problemOf(Buffer.from(text))).toMatch(message);
  });

  it.each(FORMATS)('are refused also under the name of %s', (format) => {
    expect(problemOf(new Uint8Array(), { format })).toBe('it is empty');
    const random = new Random(3);
    for (let round = 0; round < 40; round++) {
      const bytes = Uint8Array.from({ length: random.below(400) }, () => random.below(256));
      problemOf(bytes, { format });
      problemOf(bytes, { format, lenient: true });
      problemOf(bytes);
    }
    expect(problemOf(Buffer.from('\0\u0001\u0002binary'), { format })).toBeDefined();
  });
});

describe.each(['speedscope', 'cpuprofile'])('damaged %s', (format) => {
  const bytes = encodeAs(format, sample);

  it('is refused with line and offset wherever it is cut off', () => {
    for (let length = 2; length < bytes.length - 2; length += 7) {
      const problem = problemOf(bytes.subarray(0, length), { format });
      expect(problem).toMatch(/^line \d+, offset \d+: .*(?:cut off|not closed|no JSON)/);
    }
  });

  it('is refused, or read, but never crashes when a byte is wrong', () => {
    const random = new Random(7);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const damaged = Buffer.from(bytes);
      damaged[random.below(damaged.length)] = random.below(256);
      if (problemOf(damaged, { format }) !== undefined) refused++;
      problemOf(damaged, { format, lenient: true });
    }
    expect(refused).toBeGreaterThan(100);
  });

  it('is read with CRLF, spaces and a byte order mark', () => {
    const loose = JSON.stringify(JSON.parse(bytes.toString()), null, 2).replace(/\n/g, '\r\n');
    const read = Profile.read(Buffer.from(`\ufeff${loose}\r\n`));
    expect(read.totals).toEqual(Profile.read(bytes).totals);
  });

  it('is refused where it is not UTF-8, unless read leniently', () => {
    const at = bytes.indexOf('f3');
    const damaged = Buffer.from(bytes);
    damaged[at] = 0xff;
    expect(problemOf(damaged)).toBe(`offset ${at}: it is not UTF-8`);
    expect(Profile.read(damaged, { lenient: true }).totals).toEqual(Profile.read(bytes).totals);
  });

  it('may be nested as deep as it likes', () => {
    const deep = `{"nodes":${'['.repeat(1_000_000)}`;
    expect(problemOf(Buffer.from(deep), { format })).toMatch(/1000001 brackets open/);
    const closed = `{"profiles":${'['.repeat(300_000)}${']'.repeat(300_000)}}`;
    expect(problemOf(Buffer.from(closed), { format })).toBeDefined();
  });
});

describe('JSON mistakes', () => {
  it.each([
    ['{"nodes":[1,]}', 'line 1, offset 12: "]" is no JSON at this place'],
    ['{"nodes":\n[1 2]}', 'line 2, offset 13: "2" is no JSON at this place'],
    ['{"nodes":[NaN]}', 'line 1, offset 10: "N" is no JSON at this place'],
    ["{'nodes':1}", 'line 1, offset 1: "\'" is no JSON at this place'],
    ['{"é":"\u0001"}', 'line 1, offset 6: a string here is not closed or not JSON'],
    ['{"nodes":"abc', 'line 1, offset 9: a string here is not closed or not JSON'],
    ['{"nodes":[]}}', 'line 1, offset 12: "}" is no JSON at this place'],
    ['{"nodes":[],}', 'line 1, offset 12: "}" is no JSON at this place'],
    ['{"nodes":-}', 'line 1, offset 9: "-" is no JSON at this place'],
    ['{"nodes":01}', 'line 1, offset 10: "1" is no JSON at this place'],
    ['{"nodes"}', 'line 1, offset 8: "}" is no JSON at this place'],
    [
      '{"nodes":[1,',
      'line 1, offset 12: the file ends with 2 brackets open; it seems to be cut off',
    ],
  ])('are located in %j', (text, message) => {
    expect(problemOf(Buffer.from(text), { format: 'cpuprofile' })).toBe(message);
  });
});
