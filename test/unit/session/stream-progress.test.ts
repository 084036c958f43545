import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StreamProgress } from '../../../src/session/stream-progress.ts';

let folder: string;
let file: string;
const SAMPLES = 7;
const COUNTERS = 8;

function chunk(type: number, payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const padded = Buffer.alloc(8 + Math.ceil(bytes.length / 8) * 8);
  padded.writeUInt32LE(type, 0);
  padded.writeUInt32LE(bytes.length, 4);
  bytes.copy(padded, 8);
  return padded;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigprof-test-'));
  file = join(folder, 'a.sigprof');
  writeFileSync(file, 'SIGPROF\u0001');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the latest counters count', () => {
  const progress = new StreamProgress(file);
  expect(progress.read()).toEqual({ samples: 0, lost: 0 });
  appendFileSync(file, chunk(SAMPLES, 'not looked at'));
  appendFileSync(file, chunk(COUNTERS, '{"samples":10,"lost":{"ringFull":1}}'));
  expect(progress.read()).toEqual({ samples: 10, lost: 1 });
  appendFileSync(
    file,
    chunk(COUNTERS, '{"samples":25,"lost":{"ringFull":2,"tableFull":3,"unresolvedFrames":99}}'),
  );
  expect(progress.read()).toEqual({ samples: 25, lost: 5 });
});

test('a chunk being written is waited for', () => {
  const progress = new StreamProgress(file);
  const whole = chunk(COUNTERS, '{"samples":10}');
  for (const part of [whole.subarray(0, 5), whole.subarray(5, 14)]) {
    appendFileSync(file, part);
    expect(progress.read().samples).toBe(0);
  }
  appendFileSync(file, whole.subarray(14));
  expect(progress.read().samples).toBe(10);
});

test('a file that is gone is no failure', () => {
  const progress = new StreamProgress(join(folder, 'none.sigprof'));
  expect(progress.read()).toEqual({ samples: 0, lost: 0 });
});
