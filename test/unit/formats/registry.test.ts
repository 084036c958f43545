import { describe, expect, it } from 'vitest';
import { detectFormat, formatByExtension, formatByName } from '../../../src/formats/registry.ts';
import { sigprofFormat } from '../../../src/formats/sigprof.ts';
import { FunctionKind, type ProfileData } from '../../../src/model/profile-data.ts';
import { makeProfile } from '../model/make-profile.ts';
import { Random } from '../model/random.ts';

const folded = Buffer.from('a;b 1\n');
const bytesOf = (profile: ProfileData) =>
  Buffer.concat(
    [...(sigprofFormat.encode?.(profile, {}) ?? [])].map((chunk) => Buffer.from(chunk)),
  );

describe('formats', () => {
  it('are found by name and by extension', () => {
    expect(formatByName('collapsed').name).toBe('collapsed');
    expect(formatByExtension('X.FOLDED')?.name).toBe('collapsed');
    expect(formatByExtension('a.sigprof')?.name).toBe('sigprof');
    expect(formatByExtension('a.bin')).toBeUndefined();
    expect(() => formatByName('yaml')).toThrow(/there are: sigprof, .*collapsed/);
  });

  it('are told by content before a wrong name', () => {
    expect(detectFormat(bytesOf(makeProfile([])), 'x.txt').name).toBe('sigprof');
    expect(detectFormat(folded, 'x.sigprof').name).toBe('collapsed');
    expect(detectFormat(folded).name).toBe('collapsed');
    expect(() => detectFormat(Buffer.from('\0\0'), 'x.bin')).toThrow(/neither its name nor/);
    expect(() => detectFormat(new Uint8Array())).toThrow(/it is empty/);
  });

  it('keep every table through a .sigprof file', () => {
    const random = new Random(5);
    const profile = makeProfile(
      Array.from({ length: 200 }, (_, i) => ({
        frames: Array.from({ length: random.below(6) }, () => ({
          name: random.hostileName().replace(/\p{Cs}/gu, ''),
          script: '/a.js',
          line: random.below(50),
          kind: random.pick([FunctionKind.javascript, FunctionKind.builtin]),
          executing: random.below(90),
          flags: random.below(8),
        })),
        weight: random.below(2 ** 40),
        thread: i % 3,
      })),
      { title: 'x', pid: 3, filters: ['include y'] },
      { cpuNs: 12, lost: { ringFull: 1 } },
    );
    const read = sigprofFormat.decode?.(bytesOf(profile), {}) as ProfileData;
    // Names of threads become strings of their own, so the table may be longer.
    expect(read.strings.slice(0, profile.strings.length)).toEqual(profile.strings);
    expect({ ...plain(read), strings: [] }).toEqual({ ...plain(profile), strings: [] });
  });
});

/** Columns as plain arrays: their element types may differ. What is known of stacks is no part of the file. */
function plain(profile: ProfileData): unknown {
  return JSON.parse(
    JSON.stringify(profile, (key, value) =>
      key === 'isTrie'
        ? undefined
        : ArrayBuffer.isView(value)
          ? Array.from(value as Uint8Array)
          : value,
    ),
  );
}
