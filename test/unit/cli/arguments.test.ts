import { describe, expect, test } from 'vitest';
import {
  parseDuration,
  parseLimit,
  parseMode,
  parsePattern,
  parsePid,
  parseRate,
} from '../../../src/cli/arguments.ts';
import { UsageError } from '../../../src/cli/reporter.ts';

describe('a value on the command line', () => {
  test('is taken when it is right', () => {
    expect(parseRate('1')).toBe(1);
    expect(parseRate('10000')).toBe(10_000);
    expect(parseDuration('10')).toBe(10_000);
    expect(parseDuration('0.25')).toBe(250);
    expect(parseDuration('.5')).toBe(500);
    expect(parseMode('wall')).toBe('wall');
    expect(parsePid('4711')).toBe(4711);
    expect(parsePid('0x1F')).toBe(31);
    expect(parsePattern('--include')('b', ['a'])).toEqual(['a', 'b']);
  });

  test.each<[string, (text: string) => unknown, string[]]>([
    ['--rate', parseRate, ['0', '10001', '-5', '1.5', 'fast', '', '1e3', ' 5']],
    ['--duration', parseDuration, ['0', '-1', '10s', '', '.', 'Infinity', '99999999']],
    ['--mode', parseMode, ['CPU', '']],
    ['--limit', parseLimit, ['0', '-1', 'all', '1.5']],
    ['PID', parsePid, ['0', '-1', 'node', '1.5', '0x', '99999999999']],
    ['--include', parsePattern('--include'), ['(', '[a-']],
  ])('is refused in one line when it is wrong: %s', (option, parse, values) => {
    for (const value of values) {
      const call = () => parse(value);
      expect(call, value).toThrowError(UsageError);
      expect(call, value).toThrowError(new RegExp(`^${option} must be .*, got '`));
    }
  });
});
