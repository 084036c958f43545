// Reads the SIGPROF_* variables. Strict, but never an obstacle: a value that cannot be used is
// reported and replaced by its default, because a toggle signal without a handler would end the app.
import type { PreloadSettings, PreloadSettingsReader } from './preload-types.ts' with {
  'resolution-mode': 'import',
};

const os: typeof import('node:os') = require('node:os');
const path: typeof import('node:path') = require('node:path');

const FORMATS = ['collapsed', 'svg', 'html', 'speedscope', 'cpuprofile', 'pprof', 'sigprof'];
// Signals an application can spare. Not among them: what Node, V8, libc or sigprof's ticks use,
// what reports faults, and what asks the process to end.
const TOGGLE_SIGNALS = [
  'SIGUSR2',
  'SIGHUP',
  'SIGQUIT',
  'SIGALRM',
  'SIGVTALRM',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGXCPU',
  'SIGXFSZ',
] as const;

function readPreloadSettings(environment: NodeJS.ProcessEnv): PreloadSettings {
  const problems: string[] = [];
  const { SIGPROF_SIGNAL, SIGPROF_DIR } = environment;

  // The parsed value of a variable, or `fallback` when it is missing, empty or wrong.
  function read<T>(
    name: string,
    fallback: T,
    expectation: string,
    parse: (text: string) => T | undefined,
  ): T {
    const text = environment[name];
    if (text === undefined || text === '') return fallback;
    const value = parse(text);
    if (value !== undefined) return value;
    problems.push(`${name} must be ${expectation}, got ${JSON.stringify(text.slice(0, 80))}`);
    return fallback;
  }

  const settings = {
    // A wrong signal means none: the default one may have another use in this app.
    toggleSignal:
      SIGPROF_SIGNAL === undefined || SIGPROF_SIGNAL === ''
        ? os.constants.signals.SIGUSR2
        : read('SIGPROF_SIGNAL', 0, `none or one of ${TOGGLE_SIGNALS.join(' ')}`, parseSignal),
    rateHz: read('SIGPROF_RATE', 100, 'a whole number from 1 to 10000', integerParser(1, 10_000)),
    mode: read('SIGPROF_MODE', 'cpu', 'cpu or wall', parseMode),
    directory: path.resolve(SIGPROF_DIR || '.'),
    formats: read('SIGPROF_FORMATS', ['collapsed', 'svg'], formatsExpectation(), parseFormats),
    durationMs: read('SIGPROF_DURATION', 0, 'seconds, more than 0 and at most 86400', parseSeconds),
    autostart: read('SIGPROF_AUTOSTART', false, '0 or 1', parseFlag),
    maxFiles: read(
      'SIGPROF_MAX_FILES',
      16,
      'a whole number from 1 to 10000',
      integerParser(1, 10_000),
    ),
    native: read('SIGPROF_NATIVE', false, '0 or 1', parseFlag),
  };
  return { ...settings, problems };
}

function parseSignal(text: string): number | undefined {
  if (text === 'none') return 0;
  const upper = text.toUpperCase();
  const name = TOGGLE_SIGNALS.find(
    (known) =>
      known === upper || known === `SIG${upper}` || String(os.constants.signals[known]) === text,
  );
  return name && os.constants.signals[name];
}

function parseMode(text: string): 'cpu' | 'wall' | undefined {
  return text === 'cpu' || text === 'wall' ? text : undefined;
}

function parseFlag(text: string): boolean | undefined {
  if (text === '1' || text === 'true') return true;
  return text === '0' || text === 'false' ? false : undefined;
}

function integerParser(min: number, max: number): (text: string) => number | undefined {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
}

function parseSeconds(text: string): number | undefined {
  const seconds = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  // Native code counts whole milliseconds, and 0 would mean "for ever".
  return seconds > 0 && seconds <= 86_400 ? Math.max(1, Math.round(seconds * 1000)) : undefined;
}

function formatsExpectation(): string {
  return `a list of ${FORMATS.join(', ')}`;
}

function parseFormats(text: string): string[] | undefined {
  const formats = [...new Set(text.split(',').map((format) => format.trim()))];
  return formats.every((format) => FORMATS.includes(format)) ? formats : undefined;
}

const reader: PreloadSettingsReader = { readPreloadSettings };
module.exports = reader;
