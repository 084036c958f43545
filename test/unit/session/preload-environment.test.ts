import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { preloadEnvironment, quoteNodeOption } from '../../../src/session/preload-environment.ts';

const request = {
  directory: '/tmp/x',
  rateHz: 100,
  mode: 'cpu',
  idle: false,
  durationMs: 0,
  maxBytes: 2 ** 26,
  subprocesses: false,
  title: 'node "a b.js"',
} as const;

test.each(['plain', 'with blanks', 'with "quotes"', 'with \\ backslash', "with 'single' ones"])(
  'Node itself reads a quoted path %s as it was',
  (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'sigprof-test-'));
    const preload = join(folder, `${name}.cjs`);
    writeFileSync(preload, 'console.log(__filename)');
    const NODE_OPTIONS = `--no-warnings --require ${quoteNodeOption(preload)}`;
    const output = execFileSync(process.execPath, ['-e', ''], {
      env: { ...process.env, NODE_OPTIONS },
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect(output).toBe(`${preload}\n`);
  },
);

test("the program's own NODE_OPTIONS are kept, after ours", () => {
  const { NODE_OPTIONS } = preloadEnvironment({ NODE_OPTIONS: '--max-old-space-size=99' }, request);
  expect(NODE_OPTIONS).toMatch(/^--require ".*register\.cjs" --max-old-space-size=99$/);
});

test('the request travels whole, and a general switch-off does not reach it', () => {
  const environment = preloadEnvironment({ HOME: '/root', SIGPROF_DISABLE: '1' }, request);
  const { SIGPROF_RECORD = '' } = environment;
  expect(JSON.parse(SIGPROF_RECORD)).toEqual(request);
  expect(environment).toMatchObject({ HOME: '/root' });
  expect(environment).not.toHaveProperty('SIGPROF_DISABLE');
});
