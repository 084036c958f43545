// Real recordings, read by the programs that other people read them with.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { goPprof } from '../../scripts/lib/go-pprof.mjs';
import { Profile } from '../../src/profile.ts';
import {
  cpuProfileProblems,
  type RawCpuProfile,
  type RawNode,
  selfMicros,
} from '../unit/formats/check-cpuprofile.ts';
import { importIntoSpeedscope, selfWeights } from '../unit/formats/speedscope-importer.ts';
import { sigprof } from './sigprof-process.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../fixtures/programs/inlined.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sigprof-formats-'));
const at = (name: string) => join(folder, name);
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILES = ['x.collapsed', 'x.speedscope.json', 'x.cpuprofile', 'x.pb.gz'];

/** Weight in functions of that name, as a share of all. */
function shareOf(profile: Profile, name: string): number {
  const own = profile.functions().filter((row) => row.name === name);
  return own.reduce((sum, row) => sum + row.selfWeight, 0) / profile.totals.weight;
}

/** Whole microseconds for each sample is all that .cpuprofile holds: a stack may differ by one for each of its samples. */
function expectSame(read: Profile, original: Profile, isRounded: boolean): void {
  if (!isRounded) {
    expect(read.toCollapsed()).toBe(original.toCollapsed());
    return;
  }
  const counts = stacksOf(original.toCollapsed());
  const same = stacksOf(read.toCollapsed());
  expect(Math.abs(sum(same) - sum(counts))).toBeLessThan(2);
  for (const [stack, micros] of same) {
    const off = Math.abs(micros - (counts.get(stack) ?? 0));
    expect(off, stack).toBeLessThanOrEqual(original.totals.samples);
  }
}

describe('a recording', () => {
  let recorded: Profile;
  let pprof: string;

  beforeAll(async () => {
    pprof = await goPprof();
    const { code, stderr } = await sigprof([
      ...['record', '-r', '1000', '-o', at('x.sigprof'), '--'],
      ...[process.execPath, program],
    ]);
    expect(code, stderr).toBe(0);
    recorded = Profile.read(at('x.sigprof'));
    for (const name of FILES) {
      const converted = await sigprof(['convert', at('x.sigprof'), '-o', at(name)]);
      expect(converted.code, converted.stderr).toBe(0);
      expect(converted.stderr).toContain(`wrote ${at(name)}; `);
    }
  });

  test.each(FILES)('is the same after %s', (name) => {
    const read = Profile.read(at(name));
    expectSame(read, recorded, name === 'x.cpuprofile');
    expect(read.warnings).toEqual([]);
    if (name === 'x.collapsed') return;
    expect(read.meta).toEqual(recorded.meta);
    expect(read.counters).toEqual(recorded.counters);
    const bySamples = { metric: 'samples' } as const;
    expect(read.toCollapsed(bySamples)).toBe(recorded.toCollapsed(bySamples));
  });

  test.each(FILES.flatMap((from) => FILES.map((to) => [from, to] as const)))(
    'goes from %s to %s without loss',
    async (from, to) => {
      const format = { collapsed: 'collapsed', json: 'speedscope', gz: 'pprof' } as const;
      const name = to.split('.').at(-1) as keyof typeof format;
      const bytes = Profile.read(at(from)).encode(format[name] ?? 'cpuprofile');
      const read = Profile.read(Buffer.concat([...bytes].map((piece) => Buffer.from(piece))));
      expectSame(read, recorded, [from, to].includes('x.cpuprofile'));
    },
  );

  test("is read by Go's pprof: total, header, names and lines", async () => {
    const { stdout: top } = await run(pprof, ['-top', '-unit=ns', at('x.pb.gz')]);
    expect(top).toMatch(/^Type: cpu$/m);
    expect(top).toMatch(new RegExp(`^Node ${process.version}, 1000 Hz of CPU time$`, 'm'));
    expect(top).toMatch(new RegExp(` ${recorded.totals.weight}ns total$`, 'm'));
    expect(top).toMatch(/ leaf \(\S*inlined\.cjs:3\)$/m);
    const { stdout: lines } = await run(pprof, ['-list', '^leaf ', at('x.pb.gz')]);
    expect(lines).toMatch(/[\d.]+m?s +\(flat, cum\)/);
    // The source is found, so what stands on a line is shown beside its time.
    expect(lines).toMatch(/^ +[\d.]+m?s +[\d.]+m?s +6: +sum \+= Math\.sqrt/m);
    const { stdout: raw } = await run(pprof, ['-raw', at('x.pb.gz')]);
    const counts = [...raw.matchAll(/^ +(\d+) +(\d+): /gm)];
    const sum = (column: number) => counts.reduce((total, row) => total + Number(row[column]), 0);
    expect([sum(1), sum(2)]).toEqual([recorded.totals.samples, recorded.totals.weight]);
    const { stdout: tags } = await run(pprof, ['-tags', at('x.pb.gz')]);
    expect(tags).toMatch(/thread name: Total/);
  });

  test.each(FILES)('is read by speedscope from %s', async (name) => {
    const profiles = await importIntoSpeedscope(name, readFileSync(at(name)));
    const total = profiles.reduce((sum, one) => sum + one.getTotalWeight(), 0);
    const unit = profiles[0]?.getWeightUnit();
    // Folded counts and times of .cpuprofile are microseconds.
    const scale = unit === 'nanoseconds' ? 1 : 1000;
    expect(total).toBe(Math.round(recorded.totals.weight / scale));
    const leaf = profiles
      .flatMap((one) => [...selfWeights(one)])
      .filter(([frame]) => /^leaf\b/.test(frame))
      .reduce((sum, [, weight]) => sum + weight, 0);
    // speedscope drops the duration of the last sample of a .cpuprofile.
    const last = name === 'x.cpuprofile' ? 0.02 : 1e-3;
    expect(Math.abs(leaf / total - shareOf(recorded, 'leaf'))).toBeLessThan(last);
  });

  test('keeps what DevTools and VS Code ask of a .cpuprofile', () => {
    const file: RawCpuProfile = json(at('x.cpuprofile'));
    expect(cpuProfileProblems(file)).toEqual([]);
    const micros = [...selfMicros(file).values()].reduce((sum, own) => sum + own, 0);
    expect(micros).toBe(Math.round(recorded.totals.weight / 1000));
  });

  test('is written by record in each format, named or told by the extension', async () => {
    const code =
      'const end = process.cpuUsage().user + 2e5; while (process.cpuUsage().user < end);';
    for (const [args, format] of [
      [['-o', at('y.speedscope.json')], 'speedscope'],
      [['-o', at('y.cpuprofile')], 'cpuprofile'],
      [['-f', 'pprof', '-o', at('y.bin')], 'pprof'],
    ] as const) {
      const { code: exitCode, stderr } = await sigprof(
        ['record', ...args, '--', process.execPath, '-e', code],
        { cwd: folder },
      );
      expect(exitCode, stderr).toBe(0);
      const read = Profile.read(at(args.at(-1)?.split('/').at(-1) as string), { format });
      expect(read.totals.weight).toBeGreaterThan(100_000_000);
      expect(read.meta.title).toContain('node');
    }
  });
});

/** Own microseconds by stack, straight from V8's tree. */
function foldV8(file: RawCpuProfile): Map<string, number> {
  const parent = new Map<number, number>();
  for (const { id, children = [] } of file.nodes)
    for (const child of children) parent.set(child, id);
  const nodes = new Map(file.nodes.map((node) => [node.id, node]));
  const stacks = new Map<string, number>();
  for (const [leaf, micros] of selfMicros(file)) {
    const names: string[] = [];
    for (let id: number | undefined = leaf; id !== undefined; id = parent.get(id)) {
      const { functionName, url, lineNumber } = (nodes.get(id) as RawNode).callFrame;
      if (functionName === '(root)') break;
      const path = url.replace(/^file:\/\//, '');
      const place =
        url === '' ? '' : lineNumber < 0 ? ` (${path})` : ` (${path}:${lineNumber + 1})`;
      names.unshift(`${functionName || '(anonymous)'}${place}`);
    }
    const stack = names.join(';') || '(program)';
    stacks.set(stack, (stacks.get(stack) ?? 0) + micros);
  }
  for (const [stack, micros] of stacks) if (micros === 0) stacks.delete(stack);
  return stacks;
}

const sum = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);

function stacksOf(collapsed: string): Map<string, number> {
  return new Map(
    collapsed
      .trimEnd()
      .split('\n')
      .map((line) => /^(.*) (\d+)$/.exec(line)?.slice(1) as [string, string])
      .map(([stack, count]) => [stack, Number(count)]),
  );
}

describe("V8's own profiles", () => {
  const whole = (profile: Profile) => profile.toCollapsed({ fullFilenames: true });
  /** As the option --cpu-prof of a version leaves it. */
  async function cpuProf(version: string): Promise<RawCpuProfile> {
    const dir = at(`v8-${version}`);
    const args = ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', dir, program];
    await run(await nodeBinary(version), args);
    return json(join(dir, readdirSync(dir)[0] as string));
  }

  describe.each(NODE_VERSIONS)('of Node %s', (version) => {
    let file: RawCpuProfile;
    let read: Profile;

    beforeAll(async () => {
      file = await cpuProf(version);
      read = Profile.read(Buffer.from(JSON.stringify(file)));
    });

    test('are read whole: time, samples, and every stack where ticks tell no inlining', () => {
      const micros = [...selfMicros(file).values()].reduce((sum, own) => sum + own, 0);
      expect(read.totals).toEqual({ weight: micros * 1000, samples: file.samples.length });
      const nodes = file.nodes.map(({ positionTicks: _, ...node }) => node);
      const plain = Profile.read(Buffer.from(JSON.stringify({ ...file, nodes })));
      expect(stacksOf(whole(plain))).toEqual(foldV8(file));
    });

    test('have the time of an inlined function back', () => {
      // All the program does is done in leaf; what else there is is the start of Node, less than a fifth.
      expect(shareOf(read, 'leaf')).toBeGreaterThan(0.8);
      const calls = read.calls('leaf').callers.map(({ name }) => name);
      expect(calls).toContain('mid');
    });

    test('are the same after a second way through a .cpuprofile', () => {
      const again = Profile.read(Buffer.from(read.toCpuProfile()));
      expect(stacksOf(whole(again))).toEqual(stacksOf(whole(read)));
      expect(again.totals).toEqual(read.totals);
      expect(cpuProfileProblems(JSON.parse(read.toCpuProfile()))).toEqual([]);
    });
  });

  test('of --prof, preprocessed, are read tick by tick, with what was inlined', async () => {
    const log = at('v8.log');
    await run(process.execPath, [
      '--prof',
      '--no-logfile-per-isolate',
      `--logfile=${log}`,
      program,
    ]);
    const { stdout } = await run(process.execPath, ['--prof-process', '--preprocess', log], {
      maxBuffer: 2 ** 29,
    });
    const read = Profile.read(Buffer.from(stdout));
    const { ticks } = JSON.parse(stdout) as { ticks: unknown[] };
    expect(read.totals).toEqual({ weight: ticks.length, samples: ticks.length });
    expect(shareOf(read, 'leaf')).toBeGreaterThan(0.6);
    expect(read.calls('leaf').callers.map(({ name }) => name)).toContain('mid');
  });
});

describe('sigprof convert', () => {
  const convert = (args: readonly string[], input?: string) => {
    const path = at('input');
    if (input !== undefined) writeFileSync(path, input);
    return sigprof(['convert', ...(input === undefined ? [] : [path]), ...args]);
  };

  test('writes to stdout in a named format', async () => {
    const { stdout, stderr, code } = await convert(['-o', '-', '-f', 'speedscope'], 'a;b 5\n');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).profiles[0].weights).toEqual([5]);
  });

  test('reads stdin', async () => {
    const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const { stdout } = await run('bash', [
      '-c',
      `printf 'a;b 5\\n' | "$0" "$1" convert - -o - -f collapsed`,
      process.execPath,
      cli,
    ]);
    expect(stdout).toBe('a;b 5\n');
  });

  test.each([
    ['', 'it is empty'],
    ['a 1\nnonsense\n', 'line 2: there is no space before a count'],
    ['{"nodes":[', 'line 1, offset 10: the file ends with 2 brackets open'],
    ['\0\u0001\u0002', 'neither its name nor its content tells the format'],
  ])('refuses %j in one line, leaving no file', async (input, reason) => {
    const { code, stdout, stderr } = await convert(['-o', at('none.cpuprofile')], input);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^sigprof: [^\n]*\n$/);
    expect(stderr).toContain(reason);
    expect(existsSync(at('none.cpuprofile'))).toBe(false);
  });

  test('skips what it cannot read with --lenient, and says so', async () => {
    const args = ['--lenient', '-o', '-', '-f', 'collapsed'];
    const { code, stdout, stderr } = await convert(args, 'a 1\nnonsense\nb 2\n');
    expect([code, stdout]).toEqual([0, 'a 1\nb 2\n']);
    expect(stderr).toMatch(/warning: .*1 lines skipped; the first is line 2/);
  });
});
