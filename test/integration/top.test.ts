import { describe, expect, test } from 'vitest';
import { nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { cliPath, HOT, sigprof, TestProcess } from './sigprof-process.ts';

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** The command on a terminal of that size; util-linux's `script` makes one, and passes our keys on. */
function onTerminal(columns: number, rows: number, args: readonly string[]): TestProcess {
  const command = [process.execPath, cliPath, ...args].map(quote).join(' ');
  const line = `stty cols ${columns} rows ${rows}; ${command}`;
  return new TestProcess('script', ['--quiet', '--return', '--command', line, '/dev/null']);
}

async function hotProcess(version = '24.21.0'): Promise<TestProcess> {
  const source = `${HOT} console.log('ready'); hot(60_000)`;
  const target = new TestProcess(await nodeBinary(version), ['-e', source]);
  await target.said(/ready/);
  return target;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences begin with one
const withoutEscapes = (text: string) => text.replace(/\u001B\[[\d;?]*[A-Za-z]/g, '');

describe('sigprof top', () => {
  test('shows the hot function live and quits on "q", leaving the last table', async () => {
    const target = await hotProcess();
    const top = onTerminal(100, 20, ['top', '--delay', '0.2', '-p', String(target.child.pid)]);
    await top.said(/hot \(\[eval\]:1\)/);
    top.child.stdin?.write('q');
    const { code, stdout } = await top.ended;
    expect(code).toBe(0);
    expect(target.child.exitCode).toBe(null);
    target.child.kill('SIGKILL');
    // The screen that was there before comes back, and the cursor with it.
    expect(stdout).toContain('\u001B[?25h\u001B[?1049l');
    const last = withoutEscapes(stdout.slice(stdout.lastIndexOf('\u001B[?1049l')));
    expect(last).toMatch(/CPU [\d.]+% {2}GC [\d.]+% of it {2}event loop busy [\d.]+%/);
    expect(last).toMatch(/^ +[\d.]+% +[\d.]+% +[\d.]+s +[\d.]+s {2}hot \(\[eval\]:1\)/m);
  });

  test('obeys its keys: columns, lines, reset, help', async () => {
    const target = await hotProcess();
    const top = onTerminal(100, 20, ['top', '--delay', '0.2', '-p', String(target.child.pid)]);
    await top.said(/\*OwnTime/);
    for (const [key, answer] of [
      ['1', /\*%Own/],
      ['2', /\*%Total/],
      ['4', /\*TotalTime/],
      ['L', / {2}Line \(file:line\)/],
      ['?', /reset the sums/],
    ] as const) {
      top.child.stdin?.write(key);
      await top.said(answer);
    }
    top.child.stdin?.write('?R\u0003');
    expect((await top.ended).code).toBe(0);
    target.child.kill('SIGKILL');
  });

  test('fits a narrow terminal', async () => {
    const target = await hotProcess();
    const top = onTerminal(40, 10, ['top', '--delay', '0.2', '-p', String(target.child.pid)]);
    await top.said(/hot \(\[eval\]:1\)/);
    top.child.stdin?.write('q');
    const { stdout } = await top.ended;
    target.child.kill('SIGKILL');
    const drawn = stdout.slice(0, stdout.lastIndexOf('\u001B[?1049l'));
    for (const screen of drawn.split('\u001B[H').slice(1)) {
      const lines = withoutEscapes(screen).split(/\r+\n/);
      expect(lines.length).toBeLessThanOrEqual(10);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
    }
  });

  test('runs a program, and ends with it', async () => {
    const program = [process.execPath, '-e', `${HOT} hot(1500)`];
    const top = onTerminal(100, 20, ['top', '--delay', '0.2', '--', ...program]);
    const { code, stdout } = await top.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/hot \(\[eval\]:1\)/);
    expect(stdout).toMatch(/sigprof: process \d+ has ended/);
  });

  test('asks for a terminal where there is none', async () => {
    const { code, stderr } = await sigprof(['top', '-p', String(process.pid)]);
    expect(code).toBe(2);
    expect(stderr).toBe("sigprof: top needs a terminal; for a file use 'sigprof record -p'\n");
  });
});
