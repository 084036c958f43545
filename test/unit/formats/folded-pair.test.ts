import { describe, expect, it } from 'vitest';
import { splitFoldedPair } from '../../../src/formats/folded-pair.ts';
import { Profile } from '../../../src/profile.ts';

const pairOf = (text: string, options = {}) => {
  const pair = Profile.readPair(Buffer.from(text), options);
  return pair && [pair.base.toCollapsed(), pair.next.toCollapsed()];
};

describe('Folded stacks with two counts', () => {
  it('are two profiles, the older one first', () => {
    expect(pairOf('# made by difffolded.pl\n\na;b 3 5\na;gone 4 0\r\nnew 0 4\n')).toEqual([
      'a;b 3\na;gone 4\n',
      'a;b 5\nnew 4\n',
    ]);
  });

  it.each(['', 'a;b 3\n', 'a;b 3\na;c 3 4\n', '{"nodes":[]}', '\0\u0001 1 2\n'])(
    'are told from other files: %j',
    (text) => {
      expect(splitFoldedPair(Buffer.from(text))).toBeUndefined();
    },
  );

  it('are refused where a count is missing, naming the line', () => {
    expect(() => pairOf('a 1 2\nb 3\n')).toThrow('line 2: there are no two counts');
    const lenient = Profile.readPair(Buffer.from('a 1 2\nb 3\nx\n'), { lenient: true });
    expect(lenient?.next.toCollapsed()).toBe('a 2\n');
    expect(lenient?.next.warnings[0]).toMatch(/^2 lines skipped; the first is line 2/);
  });

  it('keep bytes of any name, and say when the last line may be cut off', () => {
    const name = `${'é日'.repeat(600)} x`;
    expect(pairOf(`${name} 1 2\n`)).toEqual([`${name} 1\n`, `${name} 2\n`]);
    expect(Profile.readPair(Buffer.from('a 1 2'))?.next.warnings).toHaveLength(1);
  });
});
