import {
  MAX_DURATION_MS,
  MAX_RATE_HZ,
  MIN_RATE_HZ,
  type SamplingMode,
} from '../session/options.ts';
import { UsageError } from './reporter.ts';

/** The option of all commands that name functions, for commander. */
export const NO_SOURCE_MAPS = [
  '--no-source-maps',
  'show scripts as they ran, without their source maps',
] as const;

/** `-r`: samples per second and thread. */
export function parseRate(text: string): number {
  const rate = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(rate >= MIN_RATE_HZ && rate <= MAX_RATE_HZ)) {
    throw wrong('--rate', `a whole number from ${MIN_RATE_HZ} to ${MAX_RATE_HZ}`, text);
  }
  return rate;
}

/** `-d`: seconds, as milliseconds. */
export function parseDuration(text: string): number {
  const maxSeconds = Math.floor(MAX_DURATION_MS / 1000);
  const seconds = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= maxSeconds)) {
    throw wrong('--duration', `seconds, more than 0 and at most ${maxSeconds}`, text);
  }
  return Math.max(1, Math.round(seconds * 1000));
}

/** `-m` */
export function parseMode(text: string): SamplingMode {
  if (text !== 'cpu' && text !== 'wall') throw wrong('--mode', 'cpu or wall', text);
  return text;
}

/** `--limit` */
export function parseLimit(text: string): number {
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1) throw wrong('--limit', 'a whole number, at least 1', text);
  return limit;
}

/** A percentage within bounds, both allowed. */
export function parsePercent(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const digits = text.replace(/\s*%$/, '');
    const percent = /^(\d+(\.\d*)?|\.\d+)$/.test(digits) ? Number(digits) : Number.NaN;
    if (!(percent >= min && percent <= max)) {
      throw wrong(option, `a percentage from ${min} to ${max}`, text);
    }
    return percent;
  };
}

/** A number within bounds, both allowed. */
export function parseNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw wrong(option, `a number from ${min} to ${max}`, text);
    }
    return value;
  };
}

/** `--minwidth`: pixels, or with "%" a share of the whole. */
export function parseBoxWidth(text: string): { readonly px?: number; readonly share?: number } {
  if (text.endsWith('%')) return { share: parsePercent('--minwidth', 0, 100)(text) / 100 };
  return { px: parseNumber('--minwidth', 0, 10_000)(text) };
}

/** A process id, decimal or hexadecimal as in py-spy. */
export function parsePid(text: string): number {
  const pid = /^(\d{1,10}|0x[\da-f]{1,8})$/i.test(text) ? Number(text) : 0;
  if (!(pid >= 1 && pid <= 2 ** 22)) throw wrong('PID', 'a process id, as 4711', text);
  return pid;
}

/** Collects `--include` and `--exclude`, each the source of a regular expression. */
export function parsePattern(option: string): (text: string, previous?: string[]) => string[] {
  return (text, previous = []) => {
    try {
      new RegExp(text);
    } catch (error) {
      const { message } = error as Error;
      throw new UsageError(`${option} must be a regular expression, got '${text}': ${message}`);
    }
    return [...previous, text];
  };
}

function wrong(option: string, expectation: string, text: string): UsageError {
  return new UsageError(`${option} must be ${expectation}, got '${text}'`);
}
