// The operator's flow: a server under load and processes that are stuck, switched by `sigprof toggle`.
import { chmodSync, cpSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useNative } from './native-fixture.ts';
import { cliPath, HOT, preloadPath, sigprof, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const attack = useNative('attack', 'addon');
const autocannon = createRequire(import.meta.url).resolve('autocannon');

function start(source: string, environment: NodeJS.ProcessEnv = {}): TestProcess {
  return new TestProcess(process.execPath, ['-r', preloadPath, '-e', `${HOT} ${source}`], {
    cwd: folder.path,
    env: { SIGPROF_DIR: folder.path, SIGPROF_FORMATS: 'collapsed', ...environment },
  });
}

const toggle = (program: TestProcess) => sigprof(['toggle', String(program.child.pid)]);
const recordings = () => readdirSync(folder.path).filter((name) => /\.collapsed$/.test(name));
const read = (name = '') => readFileSync(join(folder.path, name), 'utf8');

async function kill(program: TestProcess): Promise<void> {
  program.child.kill('SIGKILL');
  await program.ended;
}

/** Resolves when a process has used so many more milliseconds of CPU time. */
async function cpuTimeGrows(program: TestProcess, ms: number): Promise<void> {
  const usedMs = () => {
    const stat = readFileSync(`/proc/${program.child.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  };
  const goal = usedMs() + ms;
  while (usedMs() < goal) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a server under load is recorded twice, and every request is answered', async () => {
  const server = start(`
    const http = require('http');
    const server = http.createServer((request, response) => { hot(2); response.end('ok'); });
    server.listen(0, () => console.log('up', server.address().port));`);
  const [, port] = await server.said(/up (\d+)/);
  const load = new TestProcess(process.execPath, [
    autocannon,
    '--json',
    '--connections=8',
    '--amount=1500',
    `http://127.0.0.1:${port}/`,
  ]);
  for (const number of [1, 2]) {
    expect((await toggle(server)).code).toBe(0);
    await cpuTimeGrows(server, 300);
    expect((await toggle(server)).code).toBe(0);
    await server.said(new RegExp(`sigprof: wrote .*-${number}\\.collapsed\n`), 'stderr');
    expect(read(recordings()[number - 1])).toMatch(/parserOnIncoming.*;hot /);
  }
  const { '2xx': answered, errors, non2xx } = JSON.parse((await load.ended).stdout);
  expect({ answered, errors, non2xx }).toEqual({ answered: 1500, errors: 0, non2xx: 0 });
  await kill(server);
});

describe('a process stuck in', () => {
  // Each goes on for far longer than the test waits.
  test.each<[string, string, RegExp, NodeJS.ProcessEnv]>([
    ['while (true)', 'function stuck() { for (;;); } stuck()', /;stuck /, {}],
    [
      'one long native call',
      `function stuck() { require('crypto').pbkdf2Sync('a', 'b', 2 ** 30, 64, 'sha512') } stuck()`,
      /;stuck .*pbkdf2Sync/,
      {},
    ],
    [
      'a regular expression',
      `function stuck() { /^(a+)+$/.test('a'.repeat(100) + 'b') } stuck()`,
      /;stuck /,
      {},
    ],
    [
      'Atomics.wait',
      `function stuck() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) } stuck()`,
      /;stuck /,
      { SIGPROF_MODE: 'wall' },
    ],
    [
      'a busy worker beside a main thread that waits for it',
      `const { Worker } = require('worker_threads'); new Worker('function stuck() { for (;;); } stuck()', { eval: true }); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); setTimeout(() => {}, 60000)`,
      /;stuck /,
      {},
    ],
  ])('%s has its file while it is still stuck', async (_, source, stack, environment) => {
    const program = start(`console.log('up'); ${source}`, environment);
    await program.said(/up/);
    // The worker of the last one has to get going.
    if (environment.SIGPROF_MODE === undefined) await cpuTimeGrows(program, 200);
    expect((await toggle(program)).code).toBe(0);
    if (environment.SIGPROF_MODE === undefined) await cpuTimeGrows(program, 200);
    else await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await toggle(program)).code).toBe(0);
    await program.said(/sigprof: wrote /, 'stderr');
    expect(program.child.exitCode).toBeNull();
    expect(read(recordings()[0])).toMatch(stack);
    await kill(program);
  });
});

test('a storm of toggles leaves a process that works and whole files only', async () => {
  const program = start(
    `console.log('up'); setInterval(() => hot(5), 10); process.stdin.on('data', () => console.log('alive')).resume();`,
    {
      SIGPROF_MAX_FILES: '3',
      SIGPROF_FORMATS: 'sigprof',
    },
  );
  await program.said(/up/);
  const until = Date.now() + 2000;
  let sent = 0;
  while (Date.now() < until) {
    for (let i = 0; i < 200; i++, sent++) program.child.kill('SIGUSR2');
    await new Promise((resolve) => setImmediate(resolve));
  }
  program.child.stdin?.write('x');
  await program.said(/alive/);
  expect(sent).toBeGreaterThan(1000);
  await kill(program);
  const names = readdirSync(folder.path).filter((name) => name.endsWith('.sigprof'));
  // At most ten toggles a second are taken, every second ends a recording, three are kept.
  expect(names.length).toBeGreaterThan(0);
  expect(names.length).toBeLessThanOrEqual(3);
  for (const name of names) {
    const ended = await sigprof(['report', join(folder.path, name)]);
    expect(ended.code).toBe(0);
  }
});

describe('sigprof toggle refuses', () => {
  const refusal = async (program: TestProcess, reason: RegExp) => {
    await program.said(/up/);
    const ended = await toggle(program);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(reason);
    expect(ended.stderr).toMatch(/^sigprof: [^\n]+\n$/);
    expect(program.child.exitCode ?? program.child.signalCode).toBeNull();
    await kill(program);
  };
  const stay = `console.log('up'); setInterval(() => {}, 1000);`;

  test('a process that ignores the signal', async () => {
    const ignore = `require(${JSON.stringify(attack.path)}).ignoreSignal(12);`;
    await refusal(start(`${ignore} ${stay}`), /does not handle SIGUSR2/);
  });

  test('a process that cannot be sampled, and the signal does not end that', async () => {
    const args = ['--no-addons', '-r', preloadPath, '-e', stay];
    const program = new TestProcess(process.execPath, args);
    await program.said(/up/);
    program.child.kill('SIGUSR2');
    await program.said(/cannot start a recording: .*not allowed to load addons/, 'stderr');
    await refusal(program, /has not loaded sigprof\/register/);
  });

  test('a process of another user', async () => {
    // Copied to where anybody may read; run as nobody by a parent that may become it.
    const install = join(folder.path, 'install');
    const root = dirname(dirname(dirname(cliPath)));
    for (const part of [
      'dist',
      'package.json',
      'node_modules/commander',
      'node_modules/pprof-format',
      'node_modules/@jridgewell',
    ]) {
      cpSync(join(root, part), join(install, part), { recursive: true, dereference: true });
    }
    chmodSync(folder.path, 0o755);
    const program = start(stay);
    await program.said(/up/);
    const as = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const other = process.getuid?.() === 0 ? String(program.child.pid) : '1';
    const ended = await new TestProcess(
      process.execPath,
      [join(install, 'dist/cli/main.js'), 'toggle', other],
      { cwd: folder.path, ...as },
    ).ended;
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(
      /^sigprof: process \d+ \(\S+\) belongs to root; run this as root[^\n]*\n$/,
    );
    await kill(program);
  });
});
