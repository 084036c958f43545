// flamegraph.pl, as Debian ships it, is what folded stacks were made for: our boxes have to be its boxes.

import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Profile } from '../../../src/profile.ts';
import { Random } from '../model/random.ts';
import { parseBoxes } from './parse-svg.ts';

const script = '/usr/share/perl5/Devel/NYTProf/flamegraph.pl';

/** Boxes as "depth name count", sorted. */
function boxesOfPerl(folded: string, options: readonly string[]): string[] {
  const args = [script, '--minwidth=0', '--inverted', ...options];
  const svg = execFileSync('perl', args, { input: folded, encoding: 'utf8', stdio: 'pipe' });
  const boxes = [
    ...svg.matchAll(/<title>(.*) \(([\d,]+) samples, [^<]*<\/title><rect x="[^"]*" y="([\d.]+)"/g),
  ];
  const tops = boxes.map(([, , , y]) => Number(y));
  const top = Math.min(...tops);
  return boxes
    .map(([, name = '', count = '', y]) => {
      const depth = Math.round((Number(y) - top) / 16);
      return `${depth} ${name} ${count.replaceAll(',', '')}`;
    })
    .sort();
}

function ownBoxes(folded: string, options = {}): string[] {
  const svg = Profile.read(Buffer.from(folded)).toFlameGraph({ minWidthPx: 0, ...options });
  return parseBoxes(svg)
    .map(({ depth, name, width }) => `${depth} ${name} ${width}`)
    .sort();
}

function foldedStacks(seed: number): string {
  const random = new Random(seed);
  // All that sorts behind ";": for other bytes flamegraph.pl draws one frame as several boxes.
  const names = ['main', 'run', 'compile', 'étage', '日本', 'x_[j]'].flatMap((name) =>
    Array.from('abcdef', (letter) => letter + name),
  );
  const sums = new Map<string, number>();
  for (let line = 0; line < 400; line++) {
    const frames = Array.from({ length: 1 + random.below(7) }, () => random.pick(names));
    sums.set(frames.join(';'), 1 + random.below(50));
  }
  return [...sums].map(([stack, count]) => `${stack} ${count}\n`).join('');
}

describe('Boxes', () => {
  it.each([1, 2, 3])('are those of flamegraph.pl (seed %i)', (seed) => {
    const folded = foldedStacks(seed);
    expect(ownBoxes(folded)).toEqual(boxesOfPerl(folded, []));
  });

  it('are those of flamegraph.pl --reverse', () => {
    const folded = foldedStacks(4);
    expect(ownBoxes(folded, { reverse: true })).toEqual(boxesOfPerl(folded, ['--reverse']));
  });
});
