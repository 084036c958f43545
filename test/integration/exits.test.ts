// However a program ends: exit code and signal are what they are without us, and the file is there.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { useNative } from './native-fixture.ts';
import {
  cliPath,
  type Ended,
  HOT,
  library,
  preloadPath,
  TestProcess,
  useFolder,
} from './sigprof-process.ts';

const folder = useFolder();
const attack = useNative('attack', 'addon');

const kill = (signal: string) => `process.kill(process.pid, '${signal}'); hot(20000)`;
const worker = (source: string) =>
  `new (require('worker_threads').Worker)(\`${HOT} ${source}\`, { eval: true })`;

// By CPU time, so that a busy machine takes no samples away. Before a sudden end for longer: what is
// streamed by then are the samples of all but its last moments.
const work = (ms: number) =>
  `const begun = process.cpuUsage().user; while (process.cpuUsage().user < begun + ${ms}000) hot(20);`;

interface End {
  /** What the program does last. */
  readonly source: string;
  readonly flags?: readonly string[];
  /** It leaves no time to write: `record` has what was streamed until then, the preload nothing. */
  readonly atOnce?: boolean;
}

const ENDS: Record<string, End> = {
  'the end of the script': { source: '' },
  'process.exit()': { source: 'process.exit(7)' },
  'process.reallyExit()': { source: 'process.reallyExit(9)' },
  'an exit code': { source: 'process.exitCode = 5' },
  'an uncaught error': { source: 'throw new Error("x")' },
  'an unhandled rejection': { source: 'Promise.reject(new Error("x"))' },
  'an error in an exit listener': { source: 'process.on("exit", () => { throw new Error("x") })' },
  'too much recursion': { source: 'function f() { f() } f()' },
  'an error a listener turns to a code': {
    source: 'process.on("uncaughtException", () => process.exit(8)); throw 1',
  },
  SIGTERM: { source: kill('SIGTERM') },
  SIGINT: { source: kill('SIGINT') },
  SIGHUP: { source: kill('SIGHUP') },
  'SIGTERM with a listener': {
    source: `process.on('SIGTERM', () => process.exit(4)); setTimeout(() => {}, 20000); process.kill(process.pid, 'SIGTERM')`,
  },
  'process.exit() in a worker': {
    source: `${worker('hot(50); process.exit(6)')}.on('exit', (code) => { process.exitCode = code })`,
  },
  'an uncaught error in a worker': { source: worker('throw new Error("x")') },
  'the end of a terminated worker': {
    source: `const w = ${worker('postMessage(1); for (;;);'.replace('postMessage', 'require("worker_threads").parentPort.postMessage'))}; w.on('message', () => w.terminate().then((code) => { process.exitCode = code + 1 }))`,
  },
  'process.exit() beside busy workers': {
    source: `let n = 0; for (let i = 0; i < 3; i++) ${worker('require("worker_threads").parentPort.postMessage(1); for (;;);')}.on('message', () => { if (++n === 3) process.exit(3) })`,
  },
  SIGKILL: { source: kill('SIGKILL'), atOnce: true },
  SIGQUIT: { source: kill('SIGQUIT'), atOnce: true },
  SIGSEGV: { source: kill('SIGSEGV'), atOnce: true },
  'process.abort()': { source: 'process.abort()', atOnce: true },
  'no memory left': {
    source: 'const a = []; for (;;) a.push(new Array(1000).fill(Math.random()))',
    flags: ['--max-old-space-size=30'],
    atOnce: true,
  },
  'exec of another program': { source: 'require(ATTACK).execShell(13)', atOnce: true },
};

async function run(program: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  const [command = '', ...args] = program;
  return new TestProcess(command, args, { cwd: folder.path, env: environment }).ended;
}

const outcome = ({ code, signal, stdout }: Ended) => ({ code, signal, stdout });

async function checkEnd(node: string, { source, flags = [], atOnce = false }: End): Promise<void> {
  const text = `${HOT} ${work(atOnce ? 600 : 150)} ${source.replace('ATTACK', JSON.stringify(attack.path))}`;
  const args = [...flags, '-e', text];
  const files = join(folder.path, 'files');
  mkdirSync(files);
  const [control, preloaded, recorded] = await Promise.all([
    run([node, ...args], {}),
    run([node, '-r', preloadPath, ...args], {
      SIGPROF_AUTOSTART: '1',
      SIGPROF_FORMATS: 'sigprof',
      SIGPROF_DIR: files,
    }),
    run(
      [process.execPath, cliPath, 'record', '-q', '-o', 'record.sigprof', '--', node, ...args],
      {},
    ),
  ]);
  expect(outcome(preloaded)).toEqual(outcome(control));
  const { code, signal, stdout } = control;
  const expected = signal === null ? code : 128 + constants.signals[signal];
  expect(outcome(recorded)).toEqual({ code: expected, signal: null, stdout });

  const written = readdirSync(files);
  // What is not finished has a name that nobody takes for a finished file.
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(atOnce ? /^\..*\.sigprof\.[0-9a-f]{16}$/ : /^sigprof-.*\.sigprof$/);
  // Either way it can be read.
  const { Profile } = await library();
  for (const file of [join(files, written[0] as string), join(folder.path, 'record.sigprof')]) {
    const names = Profile.read(readFileSync(file))
      .functions()
      .map(({ name }) => name);
    expect(names).toContain('hot');
  }
}

describe('a sampled program ends as ever and its file is there', () => {
  test.each(Object.keys(ENDS))('by %s', (name) => checkEnd(process.execPath, ENDS[name] as End));
});

// process.execve() came with Node 23.11.
const withExecve = NODE_VERSIONS.filter((version) => Number(version.split('.')[0]) >= 24);
test.each(withExecve)('by process.execve() of Node %s', async (version) => {
  const source = 'process.execve("/bin/sh", ["sh", "-c", "exit 13"])';
  await checkEnd(await nodeBinary(version), { source, atOnce: true });
});
