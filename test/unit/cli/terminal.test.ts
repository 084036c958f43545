import { describe, expect, test } from 'vitest';
import { formatStatus } from '../../../src/cli/terminal/status-line.ts';
import { formatTable } from '../../../src/cli/terminal/table.ts';

describe('the status line', () => {
  test('tells time, samples, their rate and what is lost', () => {
    expect(formatStatus({ samples: 250, lost: 3 }, 2500)).toMatch(
      /^sigprof: 2 s, 250 samples \(100\/s\), 3 lost; /,
    );
  });

  test('knows no rate at the first moment', () => {
    expect(formatStatus({ samples: 0, lost: 0 }, 0)).toContain('0 samples (0/s)');
  });
});

test('a table aligns its columns and ends no line in blanks', () => {
  const columns = [
    { title: 'ms', align: 'right' },
    { title: 'function', align: 'left' },
  ] as const;
  const rows = [
    ['1234.5', 'a'],
    ['2.0', 'longer than its title'],
  ];
  expect(formatTable(columns, rows)).toBe(
    '    ms  function\n1234.5  a\n   2.0  longer than its title\n',
  );
});
