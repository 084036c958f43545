import { describe, expect, it } from 'vitest';
import type { FlameGraphOptions } from '../../../src/flamegraph/options.ts';
import { writeFlameSvg } from '../../../src/flamegraph/svg-writer.ts';
import { fitText, textColumns } from '../../../src/flamegraph/text.ts';
import { FunctionKind, type ProfileData, sumSamples } from '../../../src/model/profile-data.ts';
import { makeProfile } from '../model/make-profile.ts';
import { hostileNames, Random } from '../model/random.ts';
import { assertWellFormed, type ParsedBox, parseBoxes } from './parse-svg.ts';

const draw = (profile: ProfileData, options: FlameGraphOptions = {}) =>
  [...writeFlameSvg(profile, options)].join('');

const randomProfile = (seed: number, meta = {}) => {
  const random = new Random(seed);
  return makeProfile(
    Array.from({ length: 400 }, () => ({
      frames: Array.from({ length: random.below(10) }, () => ({
        name: random.hostileName(),
        kind: random.pick(Object.values(FunctionKind)),
        script: random.below(2) ? random.hostileName() : '/srv/app/a.js',
      })),
      weight: random.below(1e7),
      ticks: 1 + random.below(3),
    })),
    meta,
  );
};

/** For every box that has boxes below it: their widths and its own self width fill it. */
function expectWidthsToAddUp(boxes: readonly ParsedBox[]): void {
  boxes.forEach((box, at) => {
    if (box.pruned > 0) return;
    let below = 0;
    for (let next = at + 1; next < boxes.length && (boxes[next]?.depth ?? 0) > box.depth; next++) {
      const child = boxes[next] as ParsedBox;
      if (child.depth !== box.depth + 1) continue;
      below += child.width;
      expect(child.start).toBeGreaterThanOrEqual(box.start);
      expect(child.start + child.width).toBeLessThanOrEqual(box.start + box.width);
    }
    expect(below + box.self).toBe(box.width);
  });
}

describe('writeFlameSvg', () => {
  it('draws one box for callers that text-sorting tools split', () => {
    const boxes = parseBoxes(
      draw(
        makeProfile([
          { frames: ['foo'], weight: 10 },
          { frames: ['foo2', 'bar'], weight: 5 },
          { frames: ['foo', 'baz'], weight: 7 },
        ]),
      ),
    );
    expect(boxes.map(({ name, width, depth }) => [name, width, depth])).toEqual([
      ['all', 22, 0],
      ['foo', 17, 1],
      ['baz', 7, 2],
      ['foo2', 5, 1],
      ['bar', 5, 2],
    ]);
    expect(boxes[1]?.amounts).toBe('17 ns CPU time (77.3 %), 2 samples, self 10 ns');
  });

  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'is well-formed and adds up with hostile names (seed %i)',
    (seed) => {
      const title = new Random(seed + 100).hostileName();
      const profile = randomProfile(seed, { title, cwd: '/srv/app', nodeVersion: title });
      const options: FlameGraphOptions = {
        threads: seed % 2 === 0,
        layout: seed % 3 === 0 ? 'flame' : 'icicle',
        metric: seed % 4 === 0 ? 'samples' : 'weight',
        minWidthPx: seed % 5 === 0 ? 20 : 0.1,
      };
      const svg = draw(profile, options);
      assertWellFormed(svg);
      const boxes = parseBoxes(svg);
      const totals = sumSamples(profile.samples);
      expect(boxes[0]?.width).toBe(seed % 4 === 0 ? totals.samples : totals.weight);
      expect(boxes[0]?.samples).toBe(totals.samples);
      expectWidthsToAddUp(boxes);
    },
  );

  it('lets no name out of its text', () => {
    const profile = makeProfile(
      hostileNames.map((name) => ({ frames: [name, { name, script: name }] })),
    );
    for (const title of hostileNames) {
      const svg = draw(profile, { title });
      const markup = svg.slice(0, svg.indexOf('<script')).replace(/>[^<]*</g, '><');
      expect(markup).not.toMatch(/alert|javascript:|\son\w+=|href|CDATA|<!--/);
      expect(svg.match(/<script/g)).toHaveLength(1);
      expect(svg.match(/\]\]>/g)).toHaveLength(1);
    }
    assertWellFormed(draw(profile));
  });

  it('is the same, byte for byte, whatever the order of samples', () => {
    const samples = Array.from({ length: 60 }, (_, i) => ({
      frames: [`f${i % 7}`, `g${i % 5}`],
      weight: i,
    }));
    expect(draw(makeProfile(samples))).toBe(draw(makeProfile(samples.slice().reverse())));
  });

  it('draws narrow frames of one caller as one grey box', () => {
    const narrow = Array.from({ length: 50 }, (_, i) => ({
      frames: ['main', `n${i}`, 'deeper'],
      weight: 1,
    }));
    const svg = draw(makeProfile([{ frames: ['main', 'wide'], weight: 1e6 }, ...narrow]));
    const grey = parseBoxes(svg).filter((box) => box.pruned > 0);
    expect(grey).toEqual([
      expect.objectContaining({
        name: '100 frames, too narrow to draw',
        width: 50,
        samples: 50,
        depth: 2,
      }),
    ]);
    expect(svg).toContain('100 frames narrower than 0.1 px of 1200 are drawn together in grey');
  });

  it('takes stacks of 1,100 levels', () => {
    const frames = Array.from({ length: 1100 }, (_, i) => `f${i}`);
    const svg = draw(makeProfile([{ frames }, { frames: frames.slice(0, 900) }]), {
      layout: 'flame',
    });
    expect(parseBoxes(svg)).toHaveLength(1101);
    assertWellFormed(svg);
  });

  it('says what was covered, lost and run', () => {
    const svg = draw(
      makeProfile(
        [{ frames: ['f'], weight: 9.9e8, ticks: 99 }],
        {
          rateHz: 1000,
          effectiveRateHz: 250,
          nodeVersion: 'v22.1.0',
          pid: 5,
          title: 'node <a> & b',
        },
        { cpuNs: 1e9, durationNs: 2e9, lost: { ringFull: 1200, tableFull: 0 } },
      ),
    );
    expect(svg).toContain(
      '99 samples · 990 ms CPU time of 1.00 s (99.0 %) · 250 Hz of 1000 Hz · in 2.00 s',
    );
    expect(svg).toContain('lost: 1,200 ring full');
    expect(svg).toContain('Node v22.1.0 · pid 5 · node &#60;a&#62; &#38; b');
    expect(svg).toContain('your code 100 %');
  });

  it('says what a comparison compares, and that grey may be chance', () => {
    const base = makeProfile([{ frames: ['a'], weight: 3e9 }]);
    const profile = makeProfile([{ frames: ['b'], weight: 5e9 }]);
    const svg = draw(profile, { base, isSure: () => false });
    expect(svg).toMatch(/>before: 1 samples? · 3.00 s [^<]*; after: 1 samples? · 5.00 s /);
    expect(svg).toContain('>alike, or may be chance</text>');
    expect(draw(profile, { base })).toContain('>alike</text>');
  });

  it('draws a profile without samples and one without times', () => {
    const empty = draw(makeProfile([]));
    expect(empty).toContain('No samples.');
    assertWellFormed(empty);
    const timeless = parseBoxes(draw(makeProfile([{ frames: ['f'], weight: 0, ticks: 4 }])));
    expect(timeless[1]).toMatchObject({
      name: 'f',
      width: 4,
      self: 4,
      amounts: '4 samples (100 %), self 4',
    });
  });

  it('colours a frame alike in every picture', () => {
    const classOf = (samples: Parameters<typeof makeProfile>[0]) =>
      /class="(\w+)" data-v="[^"]*"><title>same/.exec(draw(makeProfile(samples)))?.[1];
    const alone = classOf([{ frames: ['same'] }]);
    expect(alone).toMatch(/^a\d$/);
    expect(classOf([{ frames: ['other', 'x', 'same'] }, { frames: ['y'] }])).toBe(alone);
  });
});

describe('fitText', () => {
  it('never takes more columns than there are, and cuts between characters', () => {
    const random = new Random(6);
    for (let i = 0; i < 3000; i++) {
      const text = random.hostileName().replace(/\p{Cs}/gu, '');
      const columns = random.below(40);
      const fitted = fitText(text, columns);
      expect(textColumns(fitted)).toBeLessThanOrEqual(columns);
      expect(fitted).not.toMatch(/\p{Cs}/u);
      if (textColumns(text) <= columns && columns >= 2) expect(fitted).toBe(text);
    }
    expect(fitText('日本語の関数名', 7)).toBe('日本語…');
    expect(fitText('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
  });
});
