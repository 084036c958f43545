// Tables of real recordings, by the real command. One recording serves all: what they read is read again and again.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliPath, sigprof } from './sigprof-process.ts';

// Line 2 costs most, line 6 less; 9 and 10 call them.
const PROGRAM = `function parse(text) {
  return JSON.parse(text);
}
function mix(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (x * 1103515245 + 12345) & 0x7fffffff;
  return x;
}
function load() { for (let i = 0; i < 2; i++) parse(text); }
function churn() { mix(20000); }
const text = JSON.stringify(Array.from({ length: 2000 }, (_, i) => ({ i, s: 'x' + i })));
const end = process.cpuUsage().user + 1e6;
while (process.cpuUsage().user < end) { load(); churn(); }
`;

let folder = '';
const file = (name: string) => join(folder, name);
const run = (...args: string[]) => sigprof(args, { cwd: folder });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigprof-report-'));
  writeFileSync(file('app.cjs'), PROGRAM);
  // The text of a file that changed after the recording started is doubted.
  utimesSync(file('app.cjs'), 1, 1);
  const { code } = await run(
    'record',
    '-q',
    '-r',
    '1000',
    '-o',
    'a.sigprof',
    process.execPath,
    'app.cjs',
  );
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Row {
  readonly name: string;
  readonly line: number;
  readonly path: string;
  readonly selfWeight: number;
  readonly totalWeight: number;
  readonly weight: number;
  readonly source: string | null;
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await run('report', 'a.sigprof', '-j', ...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

describe('sigprof report', () => {
  test('lists functions with own and total time, the largest first', async () => {
    const { code, stdout } = await run('report', 'a.sigprof', '--limit', '5');
    expect(code).toBe(0);
    const [title, , facts, , head, first, ...others] = stdout.split('\n');
    expect(title).toMatch(/app\.cjs$/);
    expect(facts).toMatch(
      /^\d+ samples, [\d.]+ ms of CPU time, recorded in [\d.]+ s, at \d+ Hz, Node \d+/,
    );
    expect(head?.split(/ {2,}/)).toEqual([
      'self %',
      'self',
      'samples',
      'total %',
      'total',
      'samples',
      'function',
    ]);
    expect(first).toMatch(
      /^ *[\d.]+ +[\d.]+ ms +\d+ +[\d.]+ +[\d.]+ ms +\d+ {2}JSON\.parse \[builtin\]$/,
    );
    expect(others.slice(0, 4).join('\n')).toMatch(/ {2}mix \(app\.cjs:4\)$/m);
    expect(stdout).toMatch(/\n\n\d+ more functions \(--limit\)\n$/);
  });

  test('gives machines rows whose own weights add up to the total', async () => {
    const { format, version, unit, totals, functions, profile } = await json();
    expect({ format, version, unit }).toEqual({
      format: 'sigprof-report',
      version: 1,
      unit: 'nanoseconds',
    });
    const sum = functions.reduce((all: number, { selfWeight }: Row) => all + selfWeight, 0);
    expect(sum).toBe(totals.weight);
    expect(profile).toMatchObject({ mode: 'cpu', nodeVersion: process.version, filters: [] });
  });

  test('sorts, limits and filters', async () => {
    const sorted = (await json('--sort', 'total')).functions as Row[];
    expect(sorted.map(({ totalWeight }) => totalWeight)).toEqual(
      sorted.map(({ totalWeight }) => totalWeight).sort((a, b) => b - a),
    );
    expect((await json('--limit', '3')).functions).toHaveLength(3);
    const { functions } = await json('--function', '^(parse|mix) ');
    expect(functions.map(({ name }: Row) => name).sort()).toEqual(['mix', 'parse']);
    const kept = (await json('--include', '^mix ')).functions as Row[];
    expect(kept.map(({ name }) => name)).not.toContain('parse');
    const dropped = (await json('--exclude', '^mix ')).functions as Row[];
    expect(dropped.map(({ name }) => name)).not.toContain('mix');
  });

  test('tells callers and callees, which add up', async () => {
    const { calls } = await json('--callers-of', 'parse');
    expect(calls.callers.map(({ name }: Row) => name)).toEqual(['load']);
    expect(calls.callers[0].weight + calls.rootWeight).toBe(calls.totalWeight);
    const { calls: ofLoad } = await json('--callees-of', 'load');
    expect(ofLoad.callees[0].name).toBe('parse');
    const sum = ofLoad.callees.reduce((all: number, { weight }: Row) => all + weight, 0);
    expect(sum + ofLoad.selfWeight).toBe(ofLoad.totalWeight);
    const { stdout } = await run('report', 'a.sigprof', '--callees-of', 'load');
    expect(stdout).toMatch(/^callees of load \(app\.cjs:9\)$/m);
    expect(stdout).toMatch(/ {2}parse \(app\.cjs:1\)$/m);
  });

  test('shows hot paths from the root to the hottest function', async () => {
    const { paths } = await json('--hot-paths', '--limit', '1');
    const names = paths[0].frames.map(({ text }: { text: string }) => text);
    expect(names.slice(-3)).toEqual([
      'load (app.cjs:9)',
      'parse (app.cjs:1)',
      'JSON.parse [builtin]',
    ]);
    const { stdout } = await run('report', 'a.sigprof', '--hot-paths', '--limit', '1');
    expect(stdout).toMatch(/^ +JSON\.parse \[builtin\]$/m);
  });

  test('lists source lines with their text, also from elsewhere', async () => {
    // A profile knows its program's working directory; the reader may be anywhere.
    const { stdout } = await sigprof(['report', file('a.sigprof'), '--lines', '--limit', '4'], {
      cwd: tmpdir(),
    });
    expect(stdout).toMatch(/ {2}parse +app\.cjs:2 +return JSON\.parse\(text\);$/m);
    expect(stdout).toMatch(/ {2}mix +app\.cjs:6 +for \(let i = 0; i < n; i\+\+\) x = /m);
    expect(stdout).not.toContain('changed');
    const { lines, totals } = await json('--lines');
    const [first] = lines as Row[];
    expect(first).toMatchObject({ line: 2, name: 'parse', source: 'return JSON.parse(text);' });
    expect(first?.selfWeight).toBeGreaterThan(totals.weight / 4);
  });

  test('lists lines without their text where it is gone, and doubts it where it changed', async () => {
    copyFileSync(file('app.cjs'), file('kept.cjs'));
    rmSync(file('app.cjs'));
    const { code, stdout } = await run('report', 'a.sigprof', '--lines', '--limit', '1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ {2}parse +app\.cjs:2$/m);
    spawnSync('mkfifo', [file('app.cjs')]);
    expect((await run('report', 'a.sigprof', '--lines', '--limit', '1')).stdout).toBe(stdout);
    rmSync(file('app.cjs'));
    writeFileSync(file('app.cjs'), `// \u001b[31mred\n${PROGRAM}`);
    const changed = await run('report', 'a.sigprof', '--lines');
    expect(changed.stdout).toMatch(/app\.cjs changed after the recording/);
    expect(changed.stdout).not.toContain('\u001b');
    rmSync(file('app.cjs'));
    copyFileSync(file('kept.cjs'), file('app.cjs'));
    utimesSync(file('app.cjs'), 1, 1);
  });

  test('takes each thread by itself', async () => {
    const { threads, totals } = await json('-t');
    const main = threads[0];
    expect(main.thread.kind).toBe('main');
    expect(main.functions[0].name).toBe('JSON.parse [builtin]');
    const sum = threads.reduce(
      (all: number, part: { totals: { weight: number } }) => all + part.totals.weight,
      0,
    );
    expect(sum).toBe(totals.weight);
    expect((await run('report', 'a.sigprof', '-t')).stdout).toMatch(
      /^thread \(\d+\): main: [\d.]+ ms \(/m,
    );
  });

  test('writes Markdown for a pull request, at most twenty rows of it', async () => {
    const table = async (...args: string[]) => {
      const { stdout } = await run('report', ...args, '--markdown');
      return stdout.split('\n').filter((line) => line.startsWith('| '));
    };
    const rows = await table('a.sigprof');
    expect(rows[1]).toBe('| ---: | ---: | ---: | ---: | ---: | ---: | --- |');
    expect(rows[2]).toMatch(/ \| `JSON\.parse \[builtin\]` \|$/);
    writeFileSync(
      file('many.folded'),
      Array.from({ length: 30 }, (_, i) => `main;f${i} ${i + 1}\n`).join(''),
    );
    expect(await table('many.folded')).toHaveLength(22);
    expect(await table('many.folded', '--limit', '25')).toHaveLength(27);
  });

  test('reads from stdin what it wrote in another format', async () => {
    await run('convert', 'a.sigprof', '-o', 'a.collapsed');
    const { status, stdout } = spawnSync(process.execPath, [cliPath, 'report', '-', '-j'], {
      input: readFileSync(file('a.collapsed')),
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout).functions[0].name).toBe('JSON.parse [builtin]');
  });

  test('ends quietly when its reader has seen enough', () => {
    const script = `"${process.execPath}" "${cliPath}" report big.folded | head -1; echo "\${PIPESTATUS[0]}"`;
    // Larger than a pipe holds, so that writing must go on after the reader is gone.
    const stacks = Array.from({ length: 20_000 }, (_, i) => `main;function${i} ${i + 1}\n`);
    writeFileSync(file('big.folded'), stacks.join(''));
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe('big.folded\n0\n');
  });

  test('has neither colour nor cuts where stdout is no terminal, and both where it is', async () => {
    const { stdout } = await sigprof(['report', 'a.sigprof'], {
      cwd: folder,
      env: { FORCE_COLOR: '1' },
    });
    expect(stdout).not.toContain('\u001b');
    // Without CI: Node has no colours there.
    const terminal = { ...process.env, CI: undefined, TERM: 'xterm' };
    const onTerminal = (env: object) =>
      spawnSync(
        'script',
        ['-qec', `stty cols 50; "${process.execPath}" "${cliPath}" report a.sigprof`, '/dev/null'],
        { cwd: folder, encoding: 'utf8', env: { ...terminal, ...env } },
      ).stdout;
    expect(onTerminal({})).toContain('\u001b[1m');
    const plain = onTerminal({ NO_COLOR: '1' });
    expect(plain).not.toContain('\u001b');
    expect(plain).toContain('JSON.parse');
    for (const line of plain.split(/\r?\n/)) expect(line.length).toBeLessThanOrEqual(50);
  });

  test.each<[string, string[], number, RegExp]>([
    ['no such file', ['nosuch'], 1, /^sigprof: cannot read 'nosuch': no such file$/],
    ['a folder', ['.'], 1, /^sigprof: cannot read '\.': it is a folder; name a file in it$/],
    ['no file', [], 2, /^sigprof: report: <file> is missing; see 'sigprof report --help'$/],
    [
      'two files',
      ['a.sigprof', 'b'],
      2,
      /^sigprof: report: too many arguments: 2 instead of 1; see/,
    ],
    [
      'a misspelt option',
      ['a.sigprof', '--limti', '3'],
      2,
      /unknown option '--limti'; did you mean '--limit'\?/,
    ],
    [
      'a wrong key',
      ['a.sigprof', '--sort', 'x'],
      2,
      /--sort must be one of self, total, samples, name, got 'x'/,
    ],
    [
      'a wrong limit',
      ['a.sigprof', '--limit', '0'],
      2,
      /--limit must be a whole number, at least 1, got '0'/,
    ],
    [
      'a wrong pattern',
      ['a.sigprof', '--function', '('],
      2,
      /--function must be a regular expression, got '\('/,
    ],
    [
      'a wrong name',
      ['a.sigprof', '--callers-of', 'nope'],
      1,
      /no function in the samples matches 'nope'/,
    ],
    [
      'two views',
      ['a.sigprof', '--hot-paths', '--callers-of', 'x'],
      2,
      /choose one of --callers-of/,
    ],
    ['two formats', ['a.sigprof', '-j', '--markdown'], 2, /choose one of --json and --markdown/],
    [
      'no row to pick',
      ['a.sigprof', '--hot-paths', '--function', 'x'],
      2,
      /to pick stacks use --include/,
    ],
  ])('says in one line what is wrong: %s', async (_, args, code, message) => {
    const ended = await run('report', ...args);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.trimEnd()).toMatch(message);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('refuses lines it cannot read, or skips and counts them with --lenient', async () => {
    writeFileSync(file('bad.folded'), 'main;a 3\nmain;b x\n');
    const strict = await run('report', 'bad.folded');
    expect(strict.code).toBe(1);
    expect(strict.stderr).toMatch(
      /^sigprof: .*bad\.folded.*line 2: .*; --lenient skips such lines$/m,
    );
    const lenient = await run('report', 'bad.folded', '--lenient');
    expect(lenient.code).toBe(0);
    expect(lenient.stderr).toMatch(/warning: .*1 lines? skipped/);
    expect(lenient.stdout).toContain('3 counts');
  });
});

test('suggests the verb that was meant, also behind help', async () => {
  for (const args of [
    ['reprot', 'x'],
    ['help', 'reprot'],
  ]) {
    const { code, stderr, stdout } = await run(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      "sigprof: unknown command 'reprot'; did you mean 'report'? see 'sigprof --help'\n",
    );
  }
});
