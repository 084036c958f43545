// What the ticks do to system calls: nothing. errno, interrupted sleeps and reads, child processes,
// pipes, sockets, files and Atomics.wait give the same as without us.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useNative } from './native-fixture.ts';
import { HOT, preloadPath, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const attack = useNative('attack', 'addon');

function run(source: string, environment: NodeJS.ProcessEnv | undefined) {
  const script = join(folder.path, 'program.cjs');
  writeFileSync(script, `const attack = require(${JSON.stringify(attack.path)}); ${HOT} ${source}`);
  const preload = environment === undefined ? [] : ['-r', preloadPath];
  const env = { SIGPROF_AUTOSTART: '1', SIGPROF_FORMATS: 'sigprof', SIGPROF_DIR: folder.path };
  return new TestProcess(process.execPath, [...preload, script], {
    cwd: folder.path,
    env: environment === undefined ? {} : { ...env, ...environment },
  }).ended;
}

const MODES = [
  ['cpu', '10000'],
  ['wall', '5000'],
] as const;

describe.each(MODES)('in %s mode at %s Hz', (SIGPROF_MODE, SIGPROF_RATE) => {
  const settings = { SIGPROF_MODE, SIGPROF_RATE };

  test('errno is what the system call left', async () => {
    const ended = await run('console.log(attack.wrongErrnos(150000))', settings);
    expect(ended).toMatchObject({ code: 0, stdout: '0\n' });
  });

  test('a thread asleep is not signalled', async () => {
    // poll() is never restarted: each signal would cut one short. A thread that has just used CPU time
    // may get the tick for it on its way into the kernel, so the first sleeps may be hit.
    const source =
      'hot(30); attack.interruptedSleeps(3, 2); console.log(attack.interruptedSleeps(100, 5))';
    const ended = await run(source, settings);
    expect(ended.code).toBe(0);
    // 100 sleeps of 5 ms are 5000 and 2500 periods. They use some 2 ms of CPU time, which is good for
    // 20 ticks at most, most of them outside of poll().
    expect(Number(ended.stdout)).toBeLessThan(5);
  });

  test('what programs do with the system gives the same as without us', async () => {
    const source = `
      const fs = require('fs'), net = require('net'), crypto = require('crypto');
      const { execFileSync, spawn, spawnSync } = require('child_process');
      const hash = (data) => crypto.createHash('sha1').update(data).digest('hex');
      execFileSync('mkfifo', ['fifo']);
      const writer = spawn('sh', ['-c', 'exec > fifo; for i in 1 2 3 4 5; do echo 0123456789; sleep 0.02; done']);
      const fd = fs.openSync('fifo', 'r');
      console.log('fifo', attack.carelessRead(fd, 55));
      fs.closeSync(fd);
      for (let i = 0; i < 5; i++) console.log('sync', spawnSync('sh', ['-c', 'sleep 0.01; echo out; exit ' + i]).status);
      const wait = new Int32Array(new SharedArrayBuffer(4));
      for (let i = 0; i < 5; i++) console.log('wait', Atomics.wait(wait, 0, 0, 10));
      const data = Buffer.alloc(4 << 20, 'sigprof');
      fs.writeFileSync('data', data);
      console.log('file', hash(fs.readFileSync('data')));
      const server = net.createServer((socket) => socket.pipe(socket)).listen(0, async () => {
        const { port } = server.address();
        const echo = (i) => new Promise((resolve, reject) => {
          const chunks = [];
          const socket = net.connect(port).on('error', reject).on('data', (chunk) => chunks.push(chunk));
          socket.on('end', () => resolve(hash(Buffer.concat(chunks)))).end(data.subarray(0, 50000 + i));
        });
        hot(50);
        console.log('sockets', hash((await Promise.all(Array.from({ length: 20 }, (_, i) => echo(i)))).join()));
        const children = Array.from({ length: 10 }, (_, i) => new Promise((resolve) =>
          spawn(process.execPath, ['-e', 'process.exit(' + i + ')']).on('exit', resolve)));
        hot(50);
        console.log('children', (await Promise.all(children)).join());
        const pool = Array.from({ length: 8 }, () => new Promise((resolve) => crypto.pbkdf2('a', 'b', 3000, 32, 'sha1', (e, key) => resolve(key.toString('hex')))));
        console.log('pool', hash((await Promise.all(pool)).join()));
        await new Promise((resolve) => writer.exitCode === null ? writer.on('exit', resolve) : resolve());
        server.close();
        fs.rmSync('fifo');
      });`;
    const control = await run(source, undefined);
    expect(control).toMatchObject({ code: 0, stderr: '' });
    const ended = await run(source, settings);
    expect({ ...ended, stderr: '' }).toEqual(control);
  });
});
