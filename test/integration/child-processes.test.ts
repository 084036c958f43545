// Children of a sampled process: by fork() without exec, and by all the ways of node:child_process and
// node:cluster at a high rate. None is sampled unasked, none is harmed.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { useNative } from './native-fixture.ts';
import { HOT, preloadPath, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const attack = useNative('attack', 'addon');

function run(node: string, source: string, settings?: NodeJS.ProcessEnv) {
  const script = join(folder.path, 'program.cjs');
  writeFileSync(script, `const attack = require(${JSON.stringify(attack.path)}); ${HOT} ${source}`);
  const files = join(folder.path, 'files');
  mkdirSync(files, { recursive: true });
  const env = {
    SIGPROF_AUTOSTART: '1',
    SIGPROF_RATE: '10000',
    SIGPROF_FORMATS: 'sigprof',
    SIGPROF_DIR: files,
    ...settings,
  };
  const preload = settings === undefined ? [] : ['-r', preloadPath];
  return new TestProcess(node, [...preload, script], { env: settings === undefined ? {} : env })
    .ended;
}

const SIGUSR2 = 12;

// Every other version: what a forked child of V8 does is up to the C library, not to V8.
test.each(NODE_VERSIONS.filter((_, i) => i % 2 === 1))(
  'children of fork() without exec work and take signals, and the recording is the parent’s: Node %s',
  async (version) => {
    // By _exit(): exit() in a forked child of Node 26 waits for threads that are not there, without us too.
    const source = `console.log(attack.forksWithoutExec(60, ${SIGUSR2}, 1))`;
    const ended = await run(await nodeBinary(version), source, {});
    expect(ended).toMatchObject({ code: 0, stdout: '60\n' });
    expect(readdirSync(join(folder.path, 'files'))).toHaveLength(1);
  },
);

test('a forked child that ends by exit() runs our exit hook and leaves the file alone', async () => {
  const ended = await run(
    process.execPath,
    `console.log(attack.forksWithoutExec(20, ${SIGUSR2}))`,
    {},
  );
  expect(ended).toMatchObject({ code: 0, stdout: '20\n' });
  expect(readdirSync(join(folder.path, 'files'))).toHaveLength(1);
});

const CHILDREN = `
  const { spawn, spawnSync, fork, execSync, exec } = require('child_process');
  const cluster = require('cluster');
  // The preload would be passed on with the arguments, which is another test's matter.
  if (cluster.isPrimary) cluster.setupPrimary({ execArgv: [] });
  const signals = ['SigBlk', 'SigIgn', 'SigCgt'];
  const own = () => require('fs').readFileSync('/proc/self/status', 'utf8').split('\\n')
    .filter((line) => signals.some((name) => line.startsWith(name))).join();
  const show = 'grep -E "SigBlk|SigIgn|SigCgt" /proc/self/status';
  if (process.argv[2] === 'child') {
    process.send(own());
    process.disconnect();
  } else if (cluster.isWorker) {
    process.send('worker ' + own());
    process.exit(5);
  } else (async () => {
    const told = new Set();
    const until = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));
    for (let i = 0; i < 15; i++) {
      told.add('sync ' + spawnSync('sh', ['-c', show]).stdout);
      told.add('shell ' + execSync(show));
      hot(5);
    }
    const spawned = Array.from({ length: 20 }, () => new Promise((resolve) => exec(show, (error, text) => resolve(error ?? 'exec ' + text))));
    hot(30);
    for (const text of await Promise.all(spawned)) told.add(text);
    for (let i = 0; i < 3; i++) {
      const child = fork(__filename, ['child'], { execArgv: [] });
      hot(10);
      told.add('fork ' + await until(child, 'message'));
      told.add('fork ends ' + await until(child, 'exit'));
    }
    for (let i = 0; i < 2; i++) {
      const worker = cluster.fork();
      hot(10);
      told.add(await until(worker, 'message'));
      told.add('worker ends ' + await until(worker, 'exit'));
    }
    const detached = spawn('sh', ['-c', show + '; exit 3'], { detached: true, stdio: 'ignore' });
    told.add('detached ends ' + await until(detached, 'exit'));
    console.log([...told].join('\\n'));
  })();`;

test('children of every kind have the signals and the ends that they have without us', async () => {
  const control = await run(process.execPath, CHILDREN);
  expect(control).toMatchObject({ code: 0, stderr: '' });
  const ended = await run(process.execPath, CHILDREN, {});
  expect({ ...ended, stderr: '' }).toEqual(control);
  expect(readdirSync(join(folder.path, 'files'))).toHaveLength(1);
});
