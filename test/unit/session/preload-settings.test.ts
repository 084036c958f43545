import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { PreloadSettingsReader } from '../../../src/session/preload-types.ts';
import { requireSource } from './commonjs.ts';

const source = new URL('../../../src/session/preload-settings.cts', import.meta.url);
const { readPreloadSettings: read } = requireSource<PreloadSettingsReader>(source);
const { SIGUSR2, SIGHUP } = constants.signals;

describe('the environment of sigprof/register', () => {
  test('has a default for everything', () => {
    expect(read({})).toEqual({
      toggleSignal: SIGUSR2,
      rateHz: 100,
      mode: 'cpu',
      native: false,
      directory: process.cwd(),
      formats: ['collapsed', 'svg'],
      durationMs: 0,
      autostart: false,
      maxFiles: 16,
      problems: [],
    });
  });

  test('sets everything', () => {
    const settings = read({
      SIGPROF_SIGNAL: 'SIGHUP',
      SIGPROF_RATE: '997',
      SIGPROF_MODE: 'wall',
      SIGPROF_NATIVE: '1',
      SIGPROF_DIR: '/srv/profiles',
      SIGPROF_FORMATS: 'svg, sigprof',
      SIGPROF_DURATION: '2.5',
      SIGPROF_AUTOSTART: '1',
      SIGPROF_MAX_FILES: '3',
    });
    expect(settings).toEqual({
      toggleSignal: SIGHUP,
      rateHz: 997,
      mode: 'wall',
      native: true,
      directory: '/srv/profiles',
      formats: ['svg', 'sigprof'],
      durationMs: 2500,
      autostart: true,
      maxFiles: 3,
      problems: [],
    });
  });

  test.each(['hup', 'HUP', 'SIGHUP', '1'])('takes the signal as %s', (text) => {
    expect(read({ SIGPROF_SIGNAL: text })).toMatchObject({ toggleSignal: SIGHUP, problems: [] });
  });

  test('takes none for no signal', () => {
    expect(read({ SIGPROF_SIGNAL: 'none' })).toMatchObject({ toggleSignal: 0, problems: [] });
  });

  test.each(['SIGKILL', 'SIGSEGV', 'SIGUSR1', 'SIGURG', 'SIGTERM', '9', 'x', ' '])(
    'refuses %j as a signal and then uses none',
    (text) => {
      const { toggleSignal, problems } = read({ SIGPROF_SIGNAL: text });
      expect(toggleSignal).toBe(0);
      expect(problems).toEqual([expect.stringMatching(/^SIGPROF_SIGNAL must be none or one of /)]);
    },
  );

  test.each([
    ['SIGPROF_RATE', ['0', '10001', '1e3', '-1', '99.5', '0x10', 'fast']],
    ['SIGPROF_MODE', ['CPU', 'both']],
    ['SIGPROF_FORMATS', ['pdf', 'svg,', 'png']],
    ['SIGPROF_DURATION', ['0', '-1', '1s', '86401', 'Infinity']],
    ['SIGPROF_AUTOSTART', ['yes', '2']],
    ['SIGPROF_MAX_FILES', ['0', '10001', '1.5']],
    ['SIGPROF_NATIVE', ['2', 'no']],
  ])('reports a wrong %s in one line and uses the default', (name, values) => {
    for (const value of values) {
      const { problems, ...settings } = read({ [name]: value });
      expect({ ...settings, problems: [] }).toEqual(read({}));
      expect(problems, value).toEqual([expect.stringContaining(name)]);
      expect(problems[0]).not.toContain('\n');
    }
  });

  test('counts an empty value as missing', () => {
    expect(read({ SIGPROF_RATE: '', SIGPROF_SIGNAL: '', SIGPROF_DIR: '' })).toEqual(read({}));
  });
});
