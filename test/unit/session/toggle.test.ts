import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PreloadSettingsReader } from '../../../src/session/preload-types.ts';
import { findToggleTarget, isAddonPath } from '../../../src/session/toggle.ts';
import { requireSource } from './commonjs.ts';

const settings = requireSource<PreloadSettingsReader>(
  new URL('../../../src/session/preload-settings.cts', import.meta.url),
);
const PID = 4711;
let procRoot: string;

interface FakeProcess {
  readonly state?: string;
  readonly uid?: number;
  readonly handled?: NodeJS.Signals[];
  readonly mapped?: string;
  readonly environment?: string;
  readonly executable?: string;
}

function addProcess(fake: FakeProcess): void {
  const { state = 'S (sleeping)', uid = 1000, handled = ['SIGUSR2'], environment = '' } = fake;
  const { mapped = '/srv/node_modules/sigprof/build/Release/sigprof.node' } = fake;
  const caught = handled.reduce(
    (bits, name) => bits | (1n << BigInt(constants.signals[name] - 1)),
    0n,
  );
  const folder = join(procRoot, String(PID));
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'status'),
    `Name:\tnode\nState:\t${state}\nUid:\t1\t${uid}\t${uid}\t${uid}\nSigCgt:\t${caught.toString(16).padStart(16, '0')}\n`,
  );
  writeFileSync(
    join(folder, 'maps'),
    `7f00-7f01 r-xp 00000000 08:01 42                 ${mapped}\n`,
  );
  writeFileSync(join(folder, 'environ'), environment);
  symlinkSync(fake.executable ?? '/usr/bin/node', join(folder, 'exe'));
}

const find = (uid = 1000) => findToggleTarget(PID, { procRoot, uid, settings });

beforeEach(() => {
  procRoot = mkdtempSync(join(tmpdir(), 'sigprof-test-'));
});
afterEach(() => rmSync(procRoot, { recursive: true }));

describe('the toggle', () => {
  test('finds a process that loaded the preload', () => {
    addProcess({});
    expect(find()).toEqual({ pid: PID, name: 'node', signal: 'SIGUSR2' });
  });

  test('uses the signal the process was started with', () => {
    addProcess({ handled: ['SIGHUP'], environment: 'A=1\0SIGPROF_SIGNAL=HUP\0B=x=y\0' });
    expect(find().signal).toBe('SIGHUP');
  });

  test('lets root toggle any process', () => {
    addProcess({});
    expect(find(0).pid).toBe(PID);
  });

  test.each<[string, FakeProcess, RegExp]>([
    ['a zombie', { state: 'Z (zombie)' }, /has ended/],
    ["another user's process", { uid: 0 }, /belongs to root; run this as root/],
    ['a program that is not Node', { mapped: '/bin/sh', executable: '/bin/sh' }, /is not Node/],
    ['a Node without the preload', { mapped: '/usr/bin/node' }, /has not loaded sigprof\/register/],
    ['a process without the handler', { handled: ['SIGUSR1'] }, /does not handle SIGUSR2/],
    [
      'a process without a signal',
      { environment: 'SIGPROF_SIGNAL=none\0' },
      /has no toggle signal/,
    ],
  ])('refuses %s', (_, fake, reason) => {
    addProcess(fake);
    expect(() => find()).toThrowError(reason);
    expect(() => find()).toThrowError(expect.objectContaining({ code: 'ERR_SIGPROF_TARGET' }));
  });

  test('refuses a pid that is no process', () => {
    expect(() => find()).toThrowError(/no process 4711/);
  });
});

test.each([
  ['/a/build/Release/sigprof.node', true],
  ['/a/node_modules/sigprof/prebuilds/linux-x64/node.napi.glibc.node', true],
  ['/a/prebuilds/linux-x64/sigprof.glibc.node', true],
  ['/a/node_modules/other/build/Release/other.node', false],
  ['/a/sigprof/bin/node', false],
])('knows whether %s is the addon', (path, expected) => {
  expect(isAddonPath(path)).toBe(expected);
});
