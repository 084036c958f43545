import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { sigprof, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const started: TestProcess[] = [];
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

const isRoot = process.getuid?.() === 0;
/** Another user, where we can become one; else we are one already, to root's processes. */
const NOBODY = isRoot ? { uid: 65_534, gid: 65_534 } : {};

function start(command: string, args: readonly string[], options: object = {}): TestProcess {
  const target = new TestProcess(command, args, options);
  started.push(target);
  return target;
}

const pidOf = ({ child }: TestProcess) => String(child.pid);

/** A Node process that has come up, and waits. */
async function idleNode(binary = process.execPath): Promise<TestProcess> {
  const target = start(binary, ['-e', 'console.log("up"); setInterval(() => {}, 1e6)']);
  await target.said(/up/);
  return target;
}

async function refusal(pid: string, options: object = {}, verb: readonly string[] = ['dump']) {
  const { code, stdout, stderr } = await sigprof([...verb, '-p', pid], options);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^sigprof: [^\n]+\n$/);
  return { code, stderr };
}

describe('a process that cannot be looked at', () => {
  test('has ended', async () => {
    const target = start('true', []);
    await target.ended;
    const { code, stderr } = await refusal(pidOf(target));
    expect(code).toBe(4);
    expect(stderr).toContain(`there is no process ${target.child.pid}`);
  });

  test('is a thread', async () => {
    const target = await idleNode();
    const { threads } = JSON.parse(
      (await sigprof(['dump', '-j', '-p', pidOf(target)])).stdout,
    )[0] as { threads: { tid: number; kind: string }[] };
    const { tid } = threads.find(({ kind }) => kind === 'native') ?? { tid: 0 };
    const { code, stderr } = await refusal(String(tid));
    expect(code).toBe(4);
    expect(stderr).toContain(`use -p ${target.child.pid}`);
  });

  test('is a zombie', async () => {
    // The shell becomes a program that never asks for its child, which ends when that has happened.
    const child = 'until grep -q sleep /proc/$PPID/comm; do :; done';
    const target = start('sh', ['-c', `sh -c '${child}' & echo "$!"; exec sleep 60`]);
    const [, pid = ''] = await target.said(/^(\d+)$/m);
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
    const { code, stderr } = await refusal(pid);
    expect(code).toBe(5);
    expect(stderr).toContain('zombie');
  });

  test('belongs to another user', async () => {
    const pid = isRoot ? pidOf(await idleNode()) : '1';
    const { code, stderr } = await refusal(pid, NOBODY);
    expect(code).toBe(6);
    expect(stderr).toMatch(/belongs to root; run this as root or with sudo/);
  });

  test('may not be traced', async () => {
    // The kernel lets nobody look into a program whose file its user may not read.
    const binary = join(folder.path, 'sleep');
    copyFileSync('/bin/sleep', binary);
    chmodSync(binary, 0o111);
    chmodSync(folder.path, 0o755);
    const target = start(binary, ['60'], NOBODY);
    const { code, stderr } = await refusal(pidOf(target), NOBODY);
    expect(code).toBe(7);
    expect(stderr).toMatch(/may not be traced: .*SYS_PTRACE|ptrace_scope/);
  });

  test('is being traced already', async () => {
    const target = await idleNode();
    const output = join(folder.path, 'a.txt');
    const other = start(process.execPath, [
      ...['dist/cli/main.js', 'record', '-q', '-o', output],
      ...['-p', pidOf(target)],
    ]);
    const status = () => readFileSync(`/proc/${target.child.pid}/status`, 'utf8');
    await expect.poll(status, { timeout: 20_000 }).toMatch(/TracerPid:\s[1-9]/);
    const { code, stderr } = await refusal(pidOf(target));
    expect(code).toBe(8);
    expect(stderr).toContain(`is being traced already by process ${other.child.pid} (`);
    expect(stderr).toContain('end that, or use --nonblocking');
    const unstopped = await sigprof(['dump', '--nonblocking', '-p', pidOf(target)]);
    expect(unstopped.stdout).toMatch(/\(idle\): main thread/);
  });

  test('is not Node', async () => {
    const { code, stderr } = await refusal(pidOf(start('sleep', ['60'])), {}, ['record']);
    expect(code).toBe(9);
    expect(stderr).toContain('is sleep, not Node');
  });

  test('is a Node whose V8 tells nothing', async () => {
    const binary = join(folder.path, 'node');
    const bytes = readFileSync(await nodeBinary('20.20.2'));
    const name = 'v8dbg_TaggedSize\0';
    const at = bytes.indexOf(name);
    expect(at).toBeGreaterThan(0);
    for (let i = at; i >= 0; i = bytes.indexOf(name, i + 1)) bytes.write('v8dbg_Tagged____', i);
    writeFileSync(binary, bytes, { mode: 0o755 });
    const { code, stderr } = await refusal(pidOf(await idleNode(binary)));
    expect(code).toBe(10);
    expect(stderr).toMatch(/can't be read: .*v8dbg_.*use an official Node build/);
  });

  test('is not even named', async () => {
    const { code, stderr } = await sigprof(['record', '-p', '12x']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sigprof: PID must be a process id, .* got '12x'.*\n$/);
  });
});
