import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultFileName, resolveOutput } from '../../../src/cli/output-target.ts';
import { UsageError } from '../../../src/cli/reporter.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigprof-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('an output', () => {
  test.each([
    ['a.svg', 'flamegraph'],
    ['a.SVG', 'flamegraph'],
    ['a.collapsed', 'collapsed'],
    ['a.folded', 'collapsed'],
    ['a.txt', 'collapsed'],
    ['a.sigprof', 'sigprof'],
  ])('named %s is a %s', (name, format) => {
    const path = join(folder, name);
    const target = resolveOutput({ output: path });
    expect([target.path, target.format.name]).toEqual([path, format]);
  });

  test('takes the format asked for rather than that of its name', () => {
    const path = join(folder, 'a.svg');
    expect(resolveOutput({ output: path, format: 'Collapsed' }).format.name).toBe('collapsed');
  });

  test('is a flame graph on stdout for "-"', () => {
    const target = resolveOutput({ output: '-' });
    expect([target.path, target.format.name]).toEqual([undefined, 'flamegraph']);
  });

  test.each(['a.png', 'a', 'a.svg.gz'])('named %s tells no format', (name) => {
    const call = () => resolveOutput({ output: join(folder, name) });
    expect(call).toThrowError(UsageError);
    expect(call).toThrowError(/tells no format; use one of \.svg/);
  });

  test.each([
    ['a.html', 'html'],
    ['a.speedscope.json', 'speedscope'],
    ['a.cpuprofile', 'cpuprofile'],
    ['a.PB.gz', 'pprof'],
    ['a.pprof', 'pprof'],
  ])('named %s is in the format %s', (name, format) => {
    expect(resolveOutput({ output: join(folder, name) }).format.name).toBe(format);
  });

  test('cannot be in an unknown format', () => {
    expect(() => resolveOutput({ format: 'png' })).toThrowError(/unknown format 'png'; known are/);
  });

  test('cannot be a folder', () => {
    mkdirSync(join(folder, 'a.svg'));
    expect(() => resolveOutput({ output: join(folder, 'a.svg') })).toThrowError(/is a folder/);
  });

  test('cannot be in a folder that is not there', () => {
    const output = join(folder, 'none', 'a.svg');
    const error = expect.objectContaining({ code: 'ERR_SIGPROF_OUTPUT' });
    expect(() => resolveOutput({ output })).toThrowError(error);
    expect(() => resolveOutput({ output })).toThrowError(/no such folder/);
  });

  test('can be a pipe or device', () => {
    const output = join(folder, 'pipe.svg');
    execFileSync('mkfifo', [output]);
    expect(resolveOutput({ output }).path).toBe(output);
    expect(resolveOutput({ output: '/dev/null', format: 'collapsed' }).path).toBe('/dev/null');
  });
});

test('a made-up name holds program, pid and local time, and no harmful character', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  expect(defaultFileName('app', 7, '.svg', at)).toBe('sigprof-app-7-20260102-030405.svg');
  expect(defaultFileName('../a b', 7, '.svg', at)).toBe('sigprof-.._a_b-7-20260102-030405.svg');
});
