// That the benchmarks run, not what they measure: no figure is asserted in a test.
import { describe, expect, test } from 'vitest';
import { formatNumber, replaceSections, toText } from '../../scripts/bench/lib/report.mjs';
import { loadRows } from '../../scripts/bench/lib/rows.mjs';
import {
  neighbourRatios,
  samplingFloor,
  summarize,
  totalVariation,
} from '../../scripts/bench/lib/statistics.mjs';

describe('rows', () => {
  test('every row says what it measures, in which unit', async () => {
    for (const row of await loadRows()) {
      expect(row).toEqual({
        name: expect.stringMatching(/^[a-z-]+$/),
        title: expect.stringMatching(/./),
        unit: expect.stringMatching(/./),
        shows: expect.stringMatching(/\.$/),
        run: expect.any(Function),
      });
    }
  });

  test('an unknown row is refused by name', async () => {
    await expect(loadRows(['idle', 'nothing'])).rejects.toThrow(
      /^no row 'nothing'; there are .*idle/,
    );
  });

  test('a row measures this build and gives a table', async () => {
    const [row] = await loadRows(['idle']);
    const result = await row.run({ nodes: [], peers: ['inspector'], repeats: () => 1 });
    for (const { values } of result.figures.filter(({ goal }) => goal !== undefined)) {
      expect(Object.keys(values)).toEqual(['sigprof', 'inspector']);
      for (const value of Object.values(values)) expect(value).toMatchObject({ count: 1 });
    }
    expect(toText({ ...row, notes: [], ...result })).toMatch(
      /^at 1000 Hz +-?[\d.]+ +-?[\d.]+ +< 0.3/m,
    );
  });
});

describe('statistics', () => {
  test('a summary is the median with the range', () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, low: 1, high: 5, count: 3 });
    expect(summarize([4, 1, 3, 2]).median).toBe(2.5);
  });

  test('a slow drift cancels against the segments on both sides', () => {
    const costs = [100, 121, 120, 143, 140]; // off at 100, 120, 140; 10 % more at 110 and 130
    const segments = costs.map((cost, i) => ({ name: i % 2 === 0 ? 'off' : 'on', cost }));
    const { on } = neighbourRatios(segments);
    expect(on).toEqual([expect.closeTo(1.1), expect.closeTo(1.1)]);
  });

  test('distance of distributions and what sampling makes of it', () => {
    expect(totalVariation({ a: 0.5, b: 0.5 }, { a: 0.25, c: 0.75 })).toBeCloseTo(0.75);
    // Two equal shares: half of (|d| + |d|) with d normal, so its mean is sqrt(2/pi) * sqrt(1/4n).
    expect(samplingFloor([0.5, 0.5], 10_000)).toBeCloseTo(Math.sqrt(2 / Math.PI) * 0.005);
  });
});

describe('report', () => {
  test('numbers have three digits and no exponent', () => {
    expect([0, 0.01234, 1.234, 12.34, 1234.5].map(formatNumber)).toEqual([
      '0',
      '0.0123',
      '1.23',
      '12.3',
      '1235',
    ]);
  });

  test('a section is replaced between its markers, a new one is added at the end', () => {
    const text = '# B\n\n<!-- bench:a -->\nold\n<!-- /bench:a -->\n\nmore\n';
    const sections = [
      { name: 'a', title: 'A', body: 'new' },
      { name: 'b', title: 'The b', body: 'rows' },
    ];
    expect(replaceSections(text, sections)).toBe(
      '# B\n\n<!-- bench:a -->\nnew\n<!-- /bench:a -->\n\nmore\n\n## The b\n\n<!-- bench:b -->\nrows\n<!-- /bench:b -->\n',
    );
  });
});
