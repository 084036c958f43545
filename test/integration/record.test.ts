import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { cliPath, HOT, sigprof, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();

// TMPDIR shows what recordings leave behind.
function record(args: readonly string[], program: readonly string[]) {
  mkdirSync(join(folder.path, 'tmp'), { recursive: true });
  return sigprof(['record', ...args, '--', ...program], {
    cwd: folder.path,
    env: { TMPDIR: join(folder.path, 'tmp') },
  });
}

const node = (source: string) => [process.execPath, '-e', `${HOT} ${source}`];
const read = (name: string) => readFileSync(join(folder.path, name), 'utf8');
const leftovers = () => readdirSync(join(folder.path, 'tmp'));

describe('sigprof record', () => {
  test('writes the folded stacks of the program and a summary', async () => {
    const { code, stdout, stderr } = await record(['-o', 'a.txt'], node('hot(400)'));
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^sigprof: \d+ samples in [\d.]+ s, [\d.]+ s of CPU time covered/);
    expect(stderr).toMatch(/sigprof: wrote a\.txt; /);
    expect(read('a.txt')).toMatch(/;hot \(\[eval\]:1\) \d{6}/);
    expect(statSync(join(folder.path, 'a.txt')).mode & 0o777).toBe(0o600);
    expect(leftovers()).toEqual([]);
  });

  test('draws a picture under a name of its own by default', async () => {
    const { stderr } = await record([], node('hot(100)'));
    const name = readdirSync(folder.path).find((entry) => entry.endsWith('.svg')) ?? '';
    expect(name).toMatch(/^sigprof-node-\d+-\d{8}-\d{6}\.svg$|^sigprof-.*-\d+-\d{8}-\d{6}\.svg$/);
    expect(read(name)).toMatch(/^<\?xml[\s\S]*<\/svg>\s*$/);
    expect(stderr).toContain(`wrote ${name}; open it in a browser`);
  });

  test('writes nothing but the profile to stdout for "-o -"', async () => {
    const { stdout } = await record(['-o', '-', '-f', 'collapsed'], node('hot(200)'));
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^.+ \d+$/);
    expect(stdout).toMatch(/;hot /);
  });

  test('prints nothing with -q', async () => {
    const ended = await record(['-q', '-o', 'a.svg'], node('hot(50)'));
    expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test('passes the program its arguments untouched and its output through', async () => {
    const script = join(folder.path, 'arguments.cjs');
    writeFileSync(script, 'console.log(process.argv.slice(2).join())');
    const words = ['-r', '5', '--', '--output', 'x'];
    const { stdout } = await sigprof(
      ['record', '-q', '-o', 'a.svg', process.execPath, script, ...words],
      { cwd: folder.path },
    );
    expect(stdout).toBe(`${words.join()}\n`);
  });

  test('ends the program when the duration is over', async () => {
    const { code, stderr } = await record(['-d', '0.5', '-o', 'a.txt'], node('hot(25000)'));
    expect(code).toBe(0);
    expect(stderr).toMatch(/samples in 0\.[45]\d s/);
  });

  test('records child processes with -s only', async () => {
    const children = `require('child_process').spawnSync(process.execPath, ['-e', 'function childWork() { const end = Date.now() + 400; while (Date.now() < end); } childWork()'])`;
    await record(['-o', 'without.txt'], node(`${children}; hot(100)`));
    expect(read('without.txt')).not.toContain('childWork');
    await record(['-s', '-o', 'with.txt'], node(`${children}; hot(100)`));
    expect(read('with.txt')).toContain('childWork');
    expect(read('with.txt')).toContain('hot');
  });

  test('records the first Node process of a script only, also when others follow', async () => {
    const command = `${process.execPath} -e '${HOT} hot(200)'; ${process.execPath} -e 'function second() { ${HOT} hot(200) } second()'`;
    await record(['-o', 'a.txt'], ['sh', '-c', command]);
    expect(read('a.txt')).toMatch(/;hot /);
    expect(read('a.txt')).not.toContain('second');
  });

  test('records workers and roots stacks with their threads with -t', async () => {
    const worker = `new (require('worker_threads').Worker)('${HOT} hot(400)', { eval: true })`;
    await record(['-t', '-o', 'a.txt'], node(worker));
    const line = read('a.txt')
      .split('\n')
      .find((entry) => entry.includes('hot '));
    expect(line).toMatch(/^thread \(\d+\): worker/);
  });

  test('keeps and drops stacks by pattern', async () => {
    const program = node('function cold() { hot(200) } hot(200); cold()');
    await record(['--include', 'cold', '-o', 'kept.txt'], program);
    for (const line of read('kept.txt').trimEnd().split('\n')) expect(line).toContain('cold');
    await record(['--exclude', 'cold', '-o', 'dropped.txt'], program);
    expect(read('dropped.txt')).toContain('hot');
    expect(read('dropped.txt')).not.toContain('cold');
  });

  test("works beside the program's own NODE_OPTIONS", async () => {
    writeFileSync(join(folder.path, 'own.cjs'), 'globalThis.isLoaded = true;');
    const { code } = await sigprof(
      ['record', '-q', '-o', 'a.svg', '--', ...node('process.exit(isLoaded ? 5 : 6)')],
      { cwd: folder.path, env: { NODE_OPTIONS: '--require ./own.cjs' } },
    );
    expect(code).toBe(5);
  });
});

test.each(NODE_VERSIONS)('records programs of Node %s', async (version) => {
  const program = [await nodeBinary(version), '-e', `${HOT} hot(300)`];
  expect(await record(['-o', 'a.txt'], program)).toMatchObject({ code: 0 });
  expect(read('a.txt')).toMatch(/;hot \(\[eval\]:1\) \d{5}/);
});

describe('a recording that fails', () => {
  const oneLine = /^sigprof: [^\n]+\n$/;

  test('says so when the program runs no Node', async () => {
    const ended = await record(['-o', 'a.svg'], ['true']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /^sigprof: nothing recorded: 'true' ran no Node\.js process[^\n]+\n$/,
    );
    expect((await record([], ['sh', '-c', 'exit 7'])).code).toBe(7);
    expect(leftovers()).toEqual([]);
  });

  test('says why when the addon may not be loaded', async () => {
    const ended = await record([], [process.execPath, '--no-addons', '-e', '0']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/nothing recorded: .*not allowed to load addons/);
    expect(ended.stderr).toMatch(oneLine);
  });

  test.each<[string, string[], number, RegExp]>([
    [
      'an unknown program',
      ['--', 'no-such-command'],
      1,
      /cannot start 'no-such-command': no such command/,
    ],
    ['no program', [], 2, /record needs a program/],
    ['a rate out of range', ['-r', '0', 'true'], 2, /--rate must be/],
    ['an unknown option', ['--sprezzatura', 'true'], 2, /unknown option '--sprezzatura'/],
    ['a folder that is not there', ['-o', 'none/a.svg', 'true'], 1, /no such folder/],
    ['a folder as file', ['-o', '.', 'true'], 2, /is a folder/],
    ['an unknown extension', ['-o', 'a.png', 'true'], 2, /tells no format/],
    ['a bad pattern', ['--include', '(', 'true'], 2, /--include must be a regular expression/],
  ])('is refused before the program runs: %s', async (_, args, code, message) => {
    const ended = await sigprof(['record', ...args], { cwd: folder.path });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(oneLine);
    expect(ended.code).toBe(code);
  });

  test('keeps the recording when the result cannot be written', async () => {
    // The folder of the result goes while the program runs.
    mkdirSync(join(folder.path, 'results'));
    const program = node(`hot(200); require('fs').rmdirSync('results')`);
    const { code, stderr } = await record(['-o', 'results/a.txt'], program);
    expect(code).toBe(1);
    expect(stderr).toMatch(oneLine);
    const kept = /kept in (\S+\.sigprof), convert it with 'sigprof convert/.exec(stderr)?.[1] ?? '';
    const again = await sigprof(['convert', kept, '-o', 'b.txt'], { cwd: folder.path });
    expect(again.code).toBe(0);
    expect(read('b.txt')).toMatch(/;hot /);
  });
});

describe('signals during a recording', () => {
  const start = (source: string) =>
    new TestProcess(process.execPath, [cliPath, 'record', '-o', 'a.txt', '--', ...node(source)], {
      cwd: folder.path,
    });

  test.each<[NodeJS.Signals, number]>([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ])('%s reaches the program, and the file is written', async (signal, code) => {
    const recording = start(`hot(300); console.log('up'); hot(25000)`);
    await recording.said(/up/);
    recording.child.kill(signal);
    const ended = await recording.ended;
    expect([ended.code, ended.signal]).toEqual([code, null]);
    expect(read('a.txt')).toMatch(/;hot /);
  });

  test('a second Ctrl-C kills a program that ignores the first', async () => {
    const program = `process.on('SIGINT', () => console.log('ignored')); setInterval(() => hot(50), 60); hot(2000); console.log('up')`;
    const recording = start(program);
    await recording.said(/up/);
    recording.child.kill('SIGINT');
    await recording.said(/ignored/);
    recording.child.kill('SIGINT');
    const { code } = await recording.ended;
    expect(code).toBe(137);
    expect(read('a.txt')).toMatch(/hot /);
  });
});
