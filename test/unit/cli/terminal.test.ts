import { describe, expect, test } from 'vitest';
import { formatStatus } from '../../../src/cli/terminal/status-line.ts';

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
