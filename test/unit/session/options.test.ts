import { describe, expect, test } from 'vitest';
import { SigprofError } from '../../../src/session/errors.ts';
import {
  type ProfileOptions,
  type ProfilerOptions,
  resolveProfileOptions,
  resolveProfilerOptions,
} from '../../../src/session/options.ts';

function errorOf(call: () => unknown): SigprofError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(SigprofError);
    return error as SigprofError;
  }
  throw new Error('nothing was thrown');
}

describe('the options of a profiler', () => {
  test('have defaults', () => {
    const defaults = {
      rateHz: 100,
      mode: 'cpu',
      idle: false,
      maxBytes: 64 * 2 ** 20,
      native: false,
      sourceMaps: true,
    };
    expect(resolveProfilerOptions({})).toEqual(defaults);
    expect(resolveProfilerOptions({ rateHz: undefined, native: undefined })).toEqual(defaults);
  });

  test('accept both ends of a range', () => {
    expect(resolveProfilerOptions({ rateHz: 1 }).rateHz).toBe(1);
    expect(resolveProfilerOptions({ rateHz: 10_000 }).rateHz).toBe(10_000);
  });

  test.each<[string, unknown]>([
    ['rateHz', 0],
    ['rateHz', 10_001],
    ['rateHz', 99.5],
    ['rateHz', Number.NaN],
    ['rateHz', '100'],
    ['rateHz', null],
    ['mode', 'CPU'],
    ['idle', 1],
    ['maxBytes', 1024],
    ['maxBytes', 2 ** 31],
    ['native', 'yes'],
    ['sourceMaps', 0],
  ])('refuse %s = %j, naming option and value', (name, value) => {
    const error = errorOf(() => resolveProfilerOptions({ [name]: value } as ProfilerOptions));
    expect(error.code).toBe('ERR_SIGPROF_INVALID_OPTION');
    expect(error.message).toMatch(new RegExp(`^Expected option '${name}' to be .+, got `));
    expect(error.message).not.toContain('\n');
  });

  test.each([null, 100, 'cpu'])('must be an object, not %j', (value) => {
    const error = errorOf(() => resolveProfilerOptions(value as unknown as ProfilerOptions));
    expect(error.code).toBe('ERR_SIGPROF_INVALID_OPTION');
  });

  test('refuse a misspelt name', () => {
    const error = errorOf(() => resolveProfilerOptions({ rateHZ: 5 } as ProfilerOptions));
    expect(error).toMatchObject({ code: 'ERR_SIGPROF_INVALID_OPTION' });
    expect(error.message).toMatch(/Unknown option 'rateHZ'; known are rateHz/);
  });
});

describe('the options of profile()', () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', undefined])(
    'refuse a duration of %j',
    (durationMs) => {
      const error = errorOf(() => resolveProfileOptions({ durationMs } as ProfileOptions));
      expect(error.message).toMatch(/^Expected option 'durationMs' to be a number/);
    },
  );

  test('refuse a signal that is none', () => {
    const options = { durationMs: 5, signal: 'SIGUSR2' } as unknown as ProfileOptions;
    expect(errorOf(() => resolveProfileOptions(options)).message).toMatch(/'signal'/);
  });

  test('hold those of the profiler', () => {
    const { signal } = new AbortController();
    const resolved = resolveProfileOptions({ durationMs: 5, signal, rateHz: 7 });
    expect(resolved).toMatchObject({ durationMs: 5, signal, sampling: { rateHz: 7 } });
  });
});
