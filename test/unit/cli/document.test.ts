import { describe, expect, test } from 'vitest';
import type { Document, TableColumn } from '../../../src/cli/terminal/document.ts';
import { fitText, plainText, textWidth } from '../../../src/cli/terminal/plain-text.ts';
import { codeSpan, renderMarkdown } from '../../../src/cli/terminal/render-markdown.ts';
import { renderText, styleFor } from '../../../src/cli/terminal/render-text.ts';
import { formatTable } from '../../../src/cli/terminal/table.ts';
import { hostileNames, Random } from '../model/random.ts';

const COLUMNS: readonly TableColumn[] = [
  { title: 'self %', align: 'right' },
  { title: 'self', align: 'right', dropOrder: 2 },
  { title: 'total', align: 'right', dropOrder: 1 },
  { title: 'function', align: 'left', isCode: true },
];
const row = (name: string) => ({ cells: ['12.5', '1000.0 ms', '2000.0 ms', name] });

describe('a table', () => {
  test('aligns its columns and ends no line in blanks', () => {
    const columns = [
      { title: 'ms', align: 'right' },
      { title: 'function', align: 'left' },
    ] as const;
    const rows = [{ cells: ['1234.5', 'a'] }, { cells: ['2.0', 'longer than its title'] }];
    expect(formatTable(columns, rows)).toBe(
      '    ms  function\n1234.5  a\n   2.0  longer than its title\n',
    );
  });

  test.each([40, 50, 60, 80, 120])('fits %i columns', (width) => {
    const table = formatTable(COLUMNS, [row('x'.repeat(300)), row('漢字'.repeat(90))], { width });
    for (const line of table.trimEnd().split('\n')) {
      expect(textWidth(line)).toBeLessThanOrEqual(width);
    }
    expect(table).toContain('…');
  });

  test('leaves out the least important columns first, never those that must stay', () => {
    const name = 'y'.repeat(40);
    const titles = (width: number) => formatTable(COLUMNS, [row(name)], { width }).split('\n')[0];
    expect(titles(100)?.split(/ {2,}/)).toEqual(['self %', 'self', 'total', 'function']);
    expect(titles(45)?.split(/ {2,}/)).toEqual(['self %', 'total', 'function']);
    expect(titles(30)?.split(/ {2,}/)).toEqual(['self %', 'function']);
  });

  test('is not cut where there is no terminal', () => {
    expect(formatTable(COLUMNS, [row('z'.repeat(5000))])).toContain('z'.repeat(5000));
  });
});

describe('text for terminals', () => {
  test('cannot steer them, whatever the name', () => {
    const document: Document = [
      { kind: 'heading', text: '\u001b]0;title\u0007' },
      { kind: 'words', text: 'a\u202eb' },
      { kind: 'table', columns: COLUMNS, rows: hostileNames.map(row) },
      { kind: 'code', lines: [...hostileNames, '\u001b[2J', 'a\rb'] },
    ];
    const text = renderText(document);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    const lines = 1 + 1 + 1 + 1 + (1 + hostileNames.length) + 1 + hostileNames.length + 2 + 1;
    expect(text.split('\n')).toHaveLength(lines);
  });

  test('keeps both ends of what is cut and never more than fits', () => {
    expect(fitText('handler (src/deep/router.js:12)', 16)).toBe('handler…r.js:12)');
    const random = new Random(5);
    for (let i = 0; i < 2000; i++) {
      const [text, columns] = [plainText(random.hostileName().repeat(3)), random.below(20)];
      expect(textWidth(fitText(text, columns))).toBeLessThanOrEqual(columns);
    }
  });

  test('is coloured on terminals only, and not where NO_COLOR is set', () => {
    const stream = (isTTY: boolean, colors: boolean) =>
      ({ isTTY, columns: 72, hasColors: () => colors }) as unknown as NodeJS.WriteStream;
    expect(styleFor(stream(true, true))).toEqual({ width: 72, color: true });
    expect(styleFor(stream(true, false))).toEqual({ width: 72, color: false });
    expect(styleFor(stream(false, true))).toEqual({});
    const document: Document = [{ kind: 'heading', text: 'x' }];
    expect(renderText(document, { color: true })).toBe('\u001b[1mx\u001b[0m\n');
    expect(renderText(document)).toBe('x\n');
  });
});

describe('Markdown', () => {
  test('has tables that no name can break', () => {
    const names = [
      ...hostileNames,
      'a|b',
      '`',
      '``',
      '`x`',
      '@babel/core',
      '<script>',
      '\\|',
      'a\nb',
    ];
    const text = renderMarkdown([{ kind: 'table', columns: COLUMNS, rows: names.map(row) }]);
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(2 + names.length);
    for (const line of lines) {
      // Cells are parted by pipes that no backslash stands before.
      expect(line.match(/(?<!\\)\|/g)).toHaveLength(5);
    }
  });

  test('shows names as code, with more backticks around than within', () => {
    expect(codeSpan('@babel/core <b> *x*')).toBe('`@babel/core <b> *x*`');
    expect(codeSpan('a `` b')).toBe('```a `` b```');
    expect(codeSpan('`a')).toBe('`` `a ``');
    expect(codeSpan('')).toBe('');
  });

  test('takes words for words', () => {
    const text = renderMarkdown([{ kind: 'words', text: 'node a_b_c.js <img> [x](y) @someone' }]);
    expect(text).toBe('node a\\_b\\_c.js \\<img\\> \\[x\\](y) @\u200bsomeone\n');
  });
});
