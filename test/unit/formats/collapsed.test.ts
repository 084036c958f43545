import { constants } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { decodeCollapsed } from '../../../src/formats/collapsed-decoder.ts';
import { encodeCollapsed, safeFrame } from '../../../src/formats/collapsed-encoder.ts';
import { FunctionKind, type ProfileData, sumSamples } from '../../../src/model/profile-data.ts';
import { Profile } from '../../../src/profile.ts';
import { makeProfile } from '../model/make-profile.ts';
import { hostileNames, Random } from '../model/random.ts';

const encode = (profile: ProfileData, options = {}) =>
  [...encodeCollapsed(profile, options)].join('');
const decode = (text: string, options = {}) => decodeCollapsed(Buffer.from(text), options);
const sumOfCounts = (text: string) =>
  text.split('\n').reduce((sum, line) => sum + Number(/ (\d+)$/.exec(line)?.[1] ?? 0), 0);

const hostileProfile = (seed: number) => {
  const random = new Random(seed);
  return makeProfile(
    Array.from({ length: 300 }, () => ({
      frames: Array.from({ length: random.below(8) }, () => ({
        name: random.hostileName(),
        kind: random.below(2) ? FunctionKind.special : FunctionKind.javascript,
        script: random.below(2) ? random.hostileName() : '',
      })),
      weight: random.below(5000),
    })),
  );
};

describe('encodeCollapsed', () => {
  it('writes a small profile in microseconds, sorted by bytes', () => {
    const profile = makeProfile([
      { frames: ['main', 'z'], weight: 2_000_000 },
      { frames: ['main'], weight: 10_000 },
      { frames: ['main', 'a b'], weight: 3000 },
      { frames: ['main', 'z'], weight: 1000 },
      { frames: [], weight: 5000 },
    ]);
    expect(encode(profile)).toBe('(program) 5\nmain 10\nmain;a b 3\nmain;z 2001\n');
    expect(encode(profile, { metric: 'samples' })).toBe(
      '(program) 1\nmain 1\nmain;a b 1\nmain;z 2\n',
    );
  });

  it('loses no weight by rounding', () => {
    const samples = Array.from({ length: 1000 }, (_, i) => ({ frames: [`f${i}`], weight: 499 }));
    const text = encode(makeProfile(samples));
    expect(sumOfCounts(text)).toBe(499);
    expect(text).not.toMatch(/ 0$/m);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'keeps to the grammar with hostile names (seed %i)',
    (seed) => {
      const profile = hostileProfile(seed);
      const text = encode(profile, { threads: seed % 2 === 0 });
      expect(sumOfCounts(text)).toBe(Math.round(sumSamples(profile.samples).weight / 1000));
      const lines = text.split('\n');
      expect(lines.pop()).toBe('');
      for (const line of lines) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
        expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029\p{Cs}]|^#/u);
        const [, frames = ''] = /^(.*) [1-9]\d*$/.exec(line) ?? [];
        for (const frame of frames.split(';'))
          expect(frame).not.toMatch(/^$|^ | $| \d+(?:\.\d*)?$/);
      }
      expect(new Set(lines.map((line) => line.replace(/ \d+$/, ''))).size).toBe(lines.length);
      const bytes = lines.map((line) => Buffer.from(line));
      expect(bytes.slice().sort(Buffer.compare)).toEqual(bytes);
    },
  );

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'is read back to the same text (seed %i)',
    (seed) => {
      const text = encode(hostileProfile(seed));
      expect(encode(decode(text))).toBe(text);
    },
  );

  it('guards each hostile name, also twice', () => {
    for (const name of hostileNames) {
      const safe = safeFrame(name, true);
      expect(safeFrame(safe, true)).toBe(safe);
    }
    expect(safeFrame('two 3', false)).toBe('two_3');
    expect(safeFrame('#private', false)).toBe('#private');
    expect(safeFrame('#private', true)).toBe('_#private');
  });

  it('gives text in pieces and takes stacks of 20,000 frames', () => {
    const frames = Array.from({ length: 20_000 }, (_, i) => `function${i}`);
    const samples = [{ frames }, { frames: frames.slice(1) }, { frames: [...frames, 'x'] }];
    expect([...encodeCollapsed(makeProfile(samples))].length).toBeGreaterThan(1);
  });
});

describe('Text longer than the longest string', () => {
  const name = { name: 'x'.repeat(6000), kind: FunctionKind.special };
  const deep = Array.from({ length: 90_000 }, () => name);

  it('is written in pieces, also where a single line is', () => {
    let length = 0;
    for (const piece of encodeCollapsed(makeProfile([{ frames: deep, weight: 5000 }]))) {
      length += piece.length;
    }
    expect(length).toBe(deep.length * 6001 - 1 + ' 5\n'.length);
    expect(length).toBeGreaterThan(constants.MAX_STRING_LENGTH);
  });

  it('is refused as one string, naming what gives it in pieces', () => {
    const profile = new Profile(makeProfile([{ frames: deep, weight: 5000 }]));
    expect(() => profile.toCollapsed()).toThrow(/longer than the longest string .* encode\(\)/);
  });
});

describe('decodeCollapsed', () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'adds up what taking lines apart as text adds up (seed %i)',
    (seed) => {
      const random = new Random(seed);
      // Frames that are beginnings of each other, of all lengths, with bytes next to those that end a frame.
      const letters = ['a', 'b', ':', '<', '!', 'é', '日', '😀', '(x.js:1)', ' y'];
      const name = () =>
        `n${Array.from({ length: random.below(9) }, () => random.pick(letters)).join('')}`;
      const names = Array.from({ length: 40 }, name);
      const sums = new Map<string, number>();
      const lines = Array.from({ length: 1000 }, () => {
        const frames = Array.from({ length: 1 + random.below(5) }, () => random.pick(names));
        const stack = frames.join(';');
        const count = random.below(10) ? random.below(100) : random.below(1e12);
        if (count > 0) sums.set(stack, (sums.get(stack) ?? 0) + count);
        return `${stack} ${count}${random.below(50) ? '' : '\r'}`;
      });
      if (seed % 2) lines.sort();
      const text = lines.join('\n') + (seed % 3 ? '\n' : '');
      const read = encode(decode(text)).split('\n').slice(0, -1);
      expect(read.sort()).toEqual([...sums].map(([stack, sum]) => `${stack} ${sum}`).sort());
    },
  );

  it('keeps lines in their order, equal ones apart', () => {
    const { samples, stacks } = decode('a;b 1\na 2\na;b;c 3\na;b 4\na 5\n');
    expect(Array.from(samples.weight)).toEqual([1, 2, 3, 4, 5]);
    const [ab, a, abc, ...more] = Array.from(samples.stack) as [number, number, number];
    expect(more).toEqual([ab, a]);
    expect([stacks.parent[abc], stacks.parent[ab], stacks.parent[a]]).toEqual([ab, a, 0]);
    expect(stacks.length).toBe(4);
  });

  it('reads frames as they stand, blank lines and comments aside', () => {
    const profile = decode(
      '# made by hand\n\na;b (x.js:1) 2\r\na;b (x.js:1) 3\nc 0\nd 9007199254740991',
    );
    expect(profile.meta.unit).toBe('count');
    expect(encode(profile)).toBe('a;b (x.js:1) 5\nd 9007199254740991\n');
  });

  it.each([
    ['foo\n', 'line 1: there is no space before a count'],
    ['a 1\nfoo bar\n', 'line 2: the count "bar" is no whole number'],
    ['a -4', 'line 1: the count "-4" is no whole number'],
    ['a 1e3', 'line 1: the count "1e3" is no whole number'],
    ['a 1.5', 'line 1: the count "1.5" is no whole number'],
    ['a 99999999999999999999', 'line 1: the count is larger than 2^53'],
    ['a;b 3 4', 'line 1: there are two counts, as in the output of a comparison'],
    [' 4', 'line 1: there is no frame before the count'],
    ['a 1 ', 'line 1: the count "" is no whole number'],
  ])('refuses %j with the line and the reason', (text, message) => {
    expect(() => decode(text)).toThrow(message);
  });

  it('refuses bytes that are no UTF-8, naming the line', () => {
    const bytes = Buffer.from([0x61, 0x20, 0x31, 0x0a, 0xff, 0x20, 0x31]);
    expect(() => decodeCollapsed(bytes)).toThrow('line 2: it is not UTF-8');
    expect(sumSamples(decodeCollapsed(bytes, { lenient: true }).samples).weight).toBe(2);
  });

  it('skips and counts what it cannot read when lenient', () => {
    const profile = decode('a;b 2.6 \nnonsense\nx\t4\ny 1e3\n', { lenient: true });
    expect(profile.warnings).toEqual([
      '2 lines skipped; the first is line 2: there is no space before a count',
    ]);
    expect(encode(profile)).toBe('a;b 3\nx 4\n');
    expect(() => decode('nonsense\n', { lenient: true })).toThrow(/no line is a folded stack/);
  });

  it.each(['\n\n', '# only a comment\n'])('refuses %j, which has no stack', (text) => {
    expect(() => decode(text)).toThrow('there is no folded stack in it');
    const lenient = decode(text, { lenient: true });
    expect(lenient.warnings).toEqual(['there is no folded stack in it']);
    expect(lenient.samples.length).toBe(0);
  });

  it('skips and counts lines with two counts when lenient, instead of taking one for a name', () => {
    const profile = decode('a;b 3 4\na;b 1.5 4\na 1\n', { lenient: true });
    expect(sumSamples(profile.samples).weight).toBe(1);
    expect(profile.warnings[0]).toMatch(/^2 lines skipped; .* there are two counts/);
    expect(() => decode('a;b 1.5 4\n')).toThrow('line 1: there are two counts');
  });

  it('keeps the sum of fractions', () => {
    const text = Array.from({ length: 1000 }, (_, i) => `f${i} 0.4\n`).join('');
    expect(sumSamples(decode(text, { lenient: true }).samples).weight).toBe(400);
  });

  it('says when the last line may be cut off', () => {
    expect(decode('a 1\nb 20\n').warnings).toEqual([]);
    expect(decode('a 1\nb 2').warnings).toEqual([
      'the last line has no end; if the file was cut off, its count may be too small',
    ]);
  });
});
