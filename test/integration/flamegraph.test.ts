// `sigprof flamegraph` in place of flamegraph.pl.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { assertWellFormed, parseBoxes } from '../unit/flamegraph/parse-svg.ts';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Draws folded stacks from stdin to stdout. */
function flamegraph(args: readonly string[], input: string) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [cli, 'flamegraph', ...args],
      { maxBuffer: 1 << 28 },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

const stacks = 'main;parse 30\nmain;run;step 60\nmain;run 10\n';

describe('sigprof flamegraph', () => {
  test('takes the options people give flamegraph.pl', async () => {
    const { code, stdout, stderr } = await flamegraph(
      [
        ...['--title', 'T & <t>', '--subtitle', 'sub', '--width', '800', '--height', '20'],
        ...[
          '--minwidth',
          '0.5',
          '--fonttype',
          'Verdana',
          '--fontsize',
          '11',
          '--fontwidth',
          '0.59',
        ],
        ...[
          '--countname',
          'ms',
          '--nametype',
          'Function:',
          '--color=java',
          '--bgcolors',
          '#102030',
        ],
        ...['--hash', '--random', '--cp', '--notes', 'a note', '--encoding', 'utf-8', '--negate'],
      ],
      stacks,
    );
    expect([code, stderr]).toEqual([0, '']);
    assertWellFormed(stdout);
    for (const part of [
      'T &#38; &#60;t&#62;</text>',
      '>sub</text>',
      '>a note</text>',
      'width="800"',
      'height="20"',
      'text{font:12px Verdana;',
      '#frames text{font-size:11px}',
      ':root{background:#102030}.page{fill:#102030}',
      '100 ms',
      '&#34;nameType&#34;:&#34;Function:&#34;',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toContain('prefers-color-scheme:dark){:root');
    expect(parseBoxes(stdout).map(({ name, width }) => [name, width])).toEqual([
      ['all', 100],
      ['main', 100],
      ['parse', 30],
      ['run', 70],
      ['step', 60],
    ]);
  });

  test('draws what difffolded.pl writes as a difference', async () => {
    const input = 'main;parse 40 30\nmain;run 60 60\nmain;gone 10 0\n';
    const { code, stdout, stderr } = await flamegraph([], input);
    expect([code, stderr]).toEqual([0, '']);
    const boxes = parseBoxes(stdout).map(({ name, sides }) => [name, ...sides.slice(0, 2)]);
    expect(boxes).toEqual([
      ['all', 110, 90],
      ['main', 110, 90],
      ['gone', 10, 0],
      ['parse', 40, 30],
      ['run', 60, 60],
    ]);
    const swapped = await flamegraph(['--negate'], input);
    expect(parseBoxes(swapped.stdout)).toEqual(parseBoxes(stdout));
    expect(styleOf(swapped.stdout)).not.toBe(styleOf(stdout));
  });

  test.each([
    [['--fonttype', 'a;}b{'], /^sigprof: a font must be named by letters/],
    [['--bgcolors', 'red}'], /^sigprof: a background must be #rrggbb or one of/],
    [['--color', 'puce'], /^sigprof: flamegraph: --color must be one of/],
    [['--fontwidth', '9'], /^sigprof: --fontwidth must be a number from 0.1 to 2/],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await flamegraph(args, stacks);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

function styleOf(svg: string): string {
  return /<style>([^<]*)<\/style>/.exec(svg)?.[1] ?? '';
}
