// What a recorded process has of it: nothing. Its signals arrive, and afterwards the kernel tells of it what it told before.
// That it runs on when the recorder is killed: test/native/remote_kill_test.cc.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { Attachment, link, statusField, until } from './attached-program.ts';
import { program } from './recorded-program.ts';
import { sigprof, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const NODE = '24.21.0';

const started: TestProcess[] = [];
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

async function start(args: readonly string[], up: RegExp): Promise<TestProcess> {
  const target = new TestProcess(await nodeBinary(NODE), args);
  started.push(target);
  await target.said(up);
  return target;
}

const tasksOf = (pid: number | undefined) =>
  readdirSync(`/proc/${pid}/task`).map((tid) => `${pid}/task/${tid}`);

/** The fields of a thread's status that tracing or a foreign hand could change. */
const FIELDS = [
  'Name',
  'State',
  'TracerPid',
  'Threads',
  'SigPnd',
  'ShdPnd',
  'SigBlk',
  'SigIgn',
  'SigCgt',
];
const MORE_FIELDS = ['CapEff', 'NoNewPrivs', 'Seccomp', 'FDSize'];

/** All that the kernel tells of a process that does not change by itself. */
function stateOf(pid: number | undefined) {
  const files = ['maps', 'environ', 'cmdline', 'limits', 'timers', 'oom_score_adj', 'personality'];
  const descriptors = readdirSync(`/proc/${pid}/fd`);
  return {
    threads: tasksOf(pid).map((task) =>
      [...FIELDS, ...MORE_FIELDS].map((name) => `${name} ${statusField(task, name)}`),
    ),
    files: files.map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8')),
    // Sockets and files by what they are.
    descriptors: descriptors.map((fd) => `${fd} ${link(`/proc/${pid}/fd/${fd}`)}`),
  };
}

test('no trace of us is left in a process that was dumped and recorded', async () => {
  const source = `const { Worker } = require('worker_threads');
    require('net').createServer().listen(0, '127.0.0.1', () => {
      new Worker('for (;;);', { eval: true }).once('online', () => {
        console.log('up');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });
    });`;
  const { child } = await start(['-e', source], /up/);
  // Until it has come to rest.
  let before = stateOf(child.pid);
  for (let same = 0; same < 3; same++) {
    await delay(50);
    const now = stateOf(child.pid);
    if (JSON.stringify(now) !== JSON.stringify(before)) same = 0;
    before = now;
  }
  const pid = String(child.pid);
  expect((await sigprof(['dump', '-p', pid])).stdout).toContain('Atomics.wait');
  const output = join(folder.path, 'a.sigprof');
  const record = ['record', '-r', '2000', '-m', 'wall', '-i', '-d', '0.5', '-o', output];
  expect(await sigprof([...record, '-p', pid])).toMatchObject({ code: 0 });
  expect(stateOf(child.pid)).toEqual(before);
});

test('signals arrive, each once and in order, while it is sampled', async () => {
  const target = await start([program('signals.cjs')], /ready/);
  const attachment = await Attachment.to(target.child.pid, folder.path, ['-r', '5000']);
  const sent: string[] = [];
  for (let round = 0; round < 10; round++) {
    for (const signal of ['SIGUSR2', 'SIGHUP', 'SIGWINCH', 'SIGURG', 'SIGCONT'] as const) {
      target.child.kill(signal);
      sent.push(`${sent.length + 1} ${signal}`);
      await target.said(new RegExp(`^${sent.at(-1)}$`, 'm'));
    }
  }
  target.child.kill('SIGTERM');
  expect(await target.ended).toMatchObject({ code: 7, stdout: `ready\n${sent.join('\n')}\n` });
  expect((await attachment.profile()).samples.length).toBeGreaterThan(0);
});

test('a process stopped by SIGSTOP stays so until SIGCONT, while it is sampled', async () => {
  const target = await start([program('signals.cjs')], /ready/);
  const { pid } = target.child;
  const attachment = await Attachment.to(pid, folder.path, ['-r', '5000']);
  const cpuNs = () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
  target.child.kill('SIGSTOP');
  await until(() => /^[tT]/.test(statusField(pid, 'State')));
  const stoppedNs = cpuNs();
  // Some thousand looks. It may still have to come to its stop, in the kernel.
  await delay(200);
  expect(cpuNs() - stoppedNs).toBeLessThan(5e6);
  target.child.kill('SIGCONT');
  await target.said(/^1 SIGCONT$/m);
  await attachment.profile('SIGINT');
  target.child.kill('SIGUSR2');
  await target.said(/^2 SIGUSR2$/m);
});
