import { describe, expect, test } from 'vitest';
import { type TopHeader, TopModel, type TopRow } from '../../../src/cli/top/top-model.ts';
import { drawTop, type TopView } from '../../../src/cli/top/top-screen.ts';
import { ProfileBuilder } from '../../../src/model/profile-builder.ts';
import { FunctionKind, type ProfileData, SampleFlag } from '../../../src/model/profile-data.ts';

const SECOND = 1e9;

/** One second: 0.5 s of `hot` called by `main`, a fifth of it GC; the rest asleep in the event loop. */
function interval(): ProfileData {
  const builder = new ProfileBuilder();
  const frame = (name: string, kind: FunctionKind = FunctionKind.javascript) =>
    builder.internFrame(builder.internFunction({ name, script: '/srv/a.js', line: 3, kind }), 7);
  const thread = builder.addThread({ tid: 1, kind: 'main', name: 'main' });
  const main = builder.internStack(0 as never, frame('main'));
  const hot = builder.internStack(main, frame('hot'));
  const gc = builder.internStack(hot, frame('(garbage collector)', FunctionKind.garbageCollector));
  const idle = builder.internStack(0 as never, frame('(idle)', FunctionKind.special));
  builder.addSample({ stack: hot, weight: 0.4 * SECOND, thread });
  builder.addSample({
    stack: gc,
    weight: 0.1 * SECOND,
    thread,
    flags: SampleFlag.garbageCollection,
  });
  const flags = SampleFlag.asleep | SampleFlag.idle;
  builder.addSample({ stack: idle, weight: 0.5 * SECOND, thread, flags });
  return builder.build(
    { unit: 'nanoseconds', mode: 'wall', nodeVersion: 'v24.0.0' },
    { durationNs: SECOND, cpuNs: 0.6 * SECOND, lost: { unusableStacks: 2 } },
  );
}

const rowOf = (rows: readonly TopRow[], label: string) =>
  rows.find((row) => row.label.startsWith(label));

describe('TopModel', () => {
  test('gives shares of the elapsed time, and leaves sleep out', () => {
    const model = new TopModel('node a.js', 1, true);
    model.add([interval()]);
    const rows = model.rows('totalShare', false);
    expect(rowOf(rows, 'hot')).toMatchObject({ ownShare: 0.4, totalShare: 0.5, totalSeconds: 0.5 });
    expect(rows[0]?.label).toBe('hot (/srv/a.js:3)');
    expect(rowOf(rows, '(idle)')).toBe(undefined);
  });

  test('tells CPU, garbage collection and event loop apart in the header', () => {
    const model = new TopModel('node a.js', 1, true);
    model.add([interval()]);
    expect(model.header).toMatchObject({ cpuShare: 0.6, gcShare: 0.2, busyShare: 0.5, lost: 2 });
  });

  test('keeps sums over intervals, shares of the last only, and forgets both on reset', () => {
    const model = new TopModel('node a.js', 1, true);
    model.add([interval()]);
    model.add([interval()]);
    expect(rowOf(model.rows('ownShare', false), 'hot')).toMatchObject({
      ownShare: 0.4,
      ownSeconds: 0.8,
    });
    model.reset();
    expect(model.rows('ownShare', false)).toEqual([]);
    expect(model.header.samples).toBe(0);
  });

  test('names executing lines when asked to', () => {
    const model = new TopModel('node a.js', 1, true);
    model.add([interval()]);
    expect(rowOf(model.rows('ownShare', true), 'hot')?.label).toBe('hot (/srv/a.js:7)');
  });
});

describe('drawTop', () => {
  const view: TopView = { sort: 'ownShare', byLine: false, isHelpShown: false };
  const header: TopHeader = {
    title: 'node a\u001B[2J.js',
    pid: 1,
    nodeVersion: 'v24.0.0',
    cpuShare: 1,
    gcShare: 0,
    busyShare: 1,
    threads: 7,
    processes: 1,
    samples: 100,
    lost: 0,
  };
  const row: TopRow = {
    label: 'hot (/srv/a.js:3)',
    ownShare: 0.4,
    totalShare: 0.5,
    ownSeconds: 1,
    totalSeconds: 2,
  };
  const rows = Array.from({ length: 50 }, () => row);

  test.each([
    [120, 30],
    [80, 24],
    [40, 10],
    [10, 3],
    [1, 1],
  ])('fits a terminal of %i columns and %i rows', (columns, height) => {
    for (const isHelpShown of [false, true]) {
      const lines = drawTop(header, rows, { ...view, isHelpShown }, { columns, rows: height });
      expect(lines.length).toBeLessThanOrEqual(height);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  test('leaves times out where there is no room for them', () => {
    expect(drawTop(header, rows, view, { columns: 50, rows: 20 }).join('\n')).not.toMatch(/Time/);
    expect(drawTop(header, rows, view, { columns: 51, rows: 20 }).join('\n')).toMatch(/OwnTime/);
  });

  test('lets no name of the process reach the terminal as a command', () => {
    const hostile = { ...row, label: 'x\u001B]0;owned\u0007\r\n' };
    const text = drawTop(header, [hostile], view, { columns: 80, rows: 20 }).join('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});
