// Comparisons of real recordings, by the real command: nothing is found between recordings of one program, a slowdown of
// ten percent is.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliPath, sigprof } from './sigprof-process.ts';

// Works for given CPU times, so that a busy machine changes nothing: `crunch` 400 ms times its argument, `parse` 100 ms,
// in turns of some milliseconds.
const PROGRAM = `
const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
function crunch(n) { let x = 1; for (let i = 0; i < n; i++) x = (x * 1103515245 + 12345) & 0x7fffffff; return x; }
function parse(text) { return JSON.parse(text); }
function spend(ms, work) { const end = cpuMs() + ms; while (cpuMs() < end) work(); }
const text = JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ i, s: 'x' + i })));
const factor = Number(process.argv[2]);
for (let turn = 0; turn < 50; turn++) {
  spend(8 * factor, () => crunch(20000));
  spend(2, () => parse(text));
}
`;
const RUNS = 4;

let folder = '';
const file = (name: string) => join(folder, name);
const diff = (args: readonly string[]) => sigprof(['diff', ...args], { cwd: folder });
const recordings = (side: string, first = 1, count = RUNS) =>
  Array.from({ length: count }, (_, i) => `${side}${first + i}.sigprof`);
/** Two groups of recordings as arguments. */
const groups = (base: readonly string[], next: readonly string[]) => [
  base[0] as string,
  next[0] as string,
  ...base.slice(1).flatMap((name) => ['--base', name]),
  ...next.slice(1).flatMap((name) => ['--new', name]),
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigprof-diff-'));
  writeFileSync(file('app.cjs'), PROGRAM);
  // By turns, so that what changes about the machine meets both sides.
  for (let run = 1; run <= RUNS; run++) {
    for (const [name, factor] of [
      [`base${run}`, '1'],
      [`same${run}`, '1'],
      [`slow${run}`, '1.1'],
    ] as const) {
      const { code } = await sigprof(
        [
          'record',
          '-q',
          '-r',
          '4000',
          '-o',
          `${name}.sigprof`,
          process.execPath,
          'app.cjs',
          factor,
        ],
        { cwd: folder },
      );
      expect(code).toBe(0);
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Row {
  readonly name: string;
  readonly self: { readonly relative: number; readonly significant: boolean };
  readonly total: { readonly significant: boolean };
}

async function compare(args: readonly string[]) {
  const { stdout, code, stderr } = await diff([...args, '-j']);
  const result = JSON.parse(stdout);
  const functions = result.functions as Row[];
  const found = functions.filter((row) => row.self.significant || row.total.significant);
  return { ...result, code, stderr, functions, found: found.map(({ name }) => name) };
}

describe('recordings of one program', () => {
  // Promised: at most 5 % of comparisons find anything. Of eight independent pairs four or more then would with a
  // probability of 4e-4 (the measured rate is far lower: docs/diff.md).
  test.each(['share', 'recording'])('differ by nothing that is significant: %s', async (by) => {
    let wrong = 0;
    const all = [...recordings('base'), ...recordings('same')];
    for (let i = 0; i < all.length; i += 2) {
      const { found } = await compare([all[i] as string, all[i + 1] as string, '--normalize', by]);
      if (found.length > 0) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(2);
  });

  test('pass --fail-if-slower', async () => {
    const { code, verdict } = await compare([
      ...groups(recordings('base'), recordings('same')),
      '--fail-if-slower',
      '5',
    ]);
    expect(code).toBe(0);
    expect(verdict.isSlower).toBe(false);
  });
});

describe('a slowdown of ten percent', () => {
  test('is found where it is, and nothing else slower', async () => {
    const args = groups(recordings('base'), recordings('slow'));
    const { functions, found, base } = await compare([...args, '--normalize', 'recording']);
    expect(base).toMatchObject({ recordings: RUNS, method: 'recordings' });
    expect(functions[0]?.name).toBe('crunch');
    // 10 %, of which the profiler's own threads take some; three standard errors of a single run's 1500 samples are 2 %.
    expect(functions[0]?.self.relative).toBeGreaterThan(0.06);
    expect(functions[0]?.self.relative).toBeLessThan(0.14);
    expect(found).toContain('crunch');
    expect(found).not.toContain('parse');
  });

  test('ends with 3 when less is allowed, with 0 when more is', async () => {
    const args = groups(recordings('base'), recordings('slow'));
    const tight = await diff([...args, '--fail-if-slower', '4']);
    expect(tight.code).toBe(3);
    expect(tight.stdout).toMatch(
      /^slower by more than 4 %: everything: [\d.]+ ms → [\d.]+ ms, \+[\d.]+ % ± [\d.]+ %$/m,
    );
    const loose = await diff([...args, '--fail-if-slower', '30']);
    expect(loose.code).toBe(0);
    expect(loose.stdout).toMatch(/^not slower by more than 30 %: everything: /m);
    const one = await diff([...args, '--fail-if-slower', '4', '--function', '^crunch ']);
    expect(one.code).toBe(3);
    expect(one.stdout).toMatch(/^slower by more than 4 %: crunch \(app\.cjs:\d+\): /m);
    const other = await diff([...args, '--fail-if-slower', '10', '--function', '^parse ']);
    expect(other.code).toBe(0);
  });

  test('fails in a pipe whose reader has gone, too', () => {
    const args = [...groups(recordings('base'), recordings('slow')), '--fail-if-slower', '4', '-j'];
    const script = `"${process.execPath}" "${cliPath}" diff ${args.join(' ')} | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe('{\n3\n');
  });
});

describe('sigprof diff', () => {
  test('shows what is new and what is gone', async () => {
    writeFileSync(file('old.folded'), 'main;gone 400\nmain;kept 600\n');
    writeFileSync(file('new.folded'), 'main;fresh 300\nmain;kept 700\n');
    const { code, stdout } = await diff(['old.folded', 'new.folded']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ *40\.00 % +0\.00 % +−40\.00 pp .* gone +gone$/m);
    expect(stdout).toMatch(/^ *0\.00 % +30\.00 % +\+30\.00 pp .* new +fresh$/m);
    expect(stdout).toMatch(/^note: the base profile has no times/m);
    const { stdout: markdown } = await diff(['old.folded', 'new.folded', '--markdown']);
    expect(markdown).toMatch(/^\| 40\.00 % \| 0\.00 % \| .* \| gone \| `gone` \|$/m);
  });

  test('draws the difference and prints the table all the same', async () => {
    const { code, stdout, stderr } = await diff(['base1.sigprof', 'slow1.sigprof', '-o', 'd.svg']);
    expect(code).toBe(0);
    expect(stderr).toBe('sigprof: wrote d.svg; open it in a browser\n');
    expect(stdout).toMatch(/^base1\.sigprof → slow1\.sigprof\n/);
    const svg = readFileSync(file('d.svg'), 'utf8');
    expect(svg).toMatch(/<\/svg>\s*$/);
    expect(svg).toMatch(/crunch \(app\.cjs:\d+\)/);
  });

  test.each<[string, string[], number, RegExp]>([
    [
      'one profile',
      ['base1.sigprof'],
      2,
      /^sigprof: diff: <new> is missing; see 'sigprof diff --help'$/,
    ],
    ['no such file', ['base1.sigprof', 'nosuch'], 1, /cannot read 'nosuch': no such file/],
    ['stdin twice', ['-', '-'], 2, /only one profile can come from stdin/],
    [
      'a wrong percentage',
      ['a', 'b', '--fail-if-slower', 'x'],
      2,
      /must be a percentage from 0 to 1000000, got 'x'/,
    ],
    [
      'certainty',
      ['a', 'b', '--confidence', '100'],
      2,
      /--confidence must be a percentage from 50 to 99\.99/,
    ],
    [
      'shares of all',
      ['a', 'b', '--normalize', 'share', '--fail-if-slower', '5'],
      2,
      /needs a --function to judge/,
    ],
    ['no picture', ['a', 'b', '-o', 'x.folded'], 2, /drawn as \.svg or \.html, not as collapsed/],
    [
      'stdout for two',
      ['a', 'b', '-o', '-'],
      2,
      /--output needs the name of an \.svg or \.html file/,
    ],
    [
      'a wrong mode',
      ['a', 'b', '--normalize', 'x'],
      2,
      /--normalize must be one of share, second, recording, got 'x'/,
    ],
  ])('says in one line what is wrong: %s', async (_, args, code, message) => {
    const ended = await diff(args);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.trimEnd()).toMatch(message);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
