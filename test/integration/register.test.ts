import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { HOT, preloadPath, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();

function start(
  source: string,
  environment: NodeJS.ProcessEnv = {},
  flag = '--require',
): TestProcess {
  const args = [flag, preloadPath, '-e', `${HOT} ${source}`];
  return new TestProcess(process.execPath, args, {
    cwd: folder.path,
    env: { SIGPROF_DIR: folder.path, ...environment },
  });
}

const files = (extension: string) =>
  readdirSync(folder.path)
    .filter((name) => name.endsWith(extension))
    .sort();
const read = (name = '') => readFileSync(join(folder.path, name), 'utf8');

describe('sigprof/register', () => {
  test.each(['--require', '--import'])('is quiet and leaves nothing behind by %s', async (flag) => {
    const ended = await start('console.log("app")', {}, flag).ended;
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'app\n', stderr: '' });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('works from NODE_OPTIONS, twice loaded', async () => {
    const option = `--require "${preloadPath}"`;
    const program = new TestProcess(process.execPath, ['-e', 'console.log("app")'], {
      env: { NODE_OPTIONS: `${option} ${option} --import "${preloadPath}"` },
    });
    expect(await program.ended).toEqual({ code: 0, signal: null, stdout: 'app\n', stderr: '' });
  });

  test('records from the start with SIGPROF_AUTOSTART and writes at the end', async () => {
    const { stderr } = await start('hot(300)', { SIGPROF_AUTOSTART: '1' }).ended;
    const [folded = ''] = files('.collapsed');
    expect(folded).toMatch(/^sigprof-\d+-\d{8}-\d{6}-1\.collapsed$/);
    expect(files('.svg')).toEqual([folded.replace('.collapsed', '.svg')]);
    expect(files('.sigprof')).toEqual([]);
    expect(read(folded)).toMatch(/;hot \(\[eval\]:1\) \d{6}/);
    expect(statSync(join(folder.path, folded)).mode & 0o777).toBe(0o600);
    // Written by the converter, which may outlive the program.
    if (stderr !== '') expect(stderr).toMatch(/^sigprof: wrote [^\n]+\n$/);
  });

  test('records native frames with SIGPROF_NATIVE', async () => {
    await start('hot(300)', { SIGPROF_AUTOSTART: '1', SIGPROF_NATIVE: '1' }).ended;
    expect(read(files('.collapsed')[0])).toMatch(/libc\.so\.6.*\];.*;hot \(\[eval\]:1\)/);
  });

  test('stops by itself after SIGPROF_DURATION', async () => {
    const program = start('console.log("up"); setInterval(() => hot(20), 25)', {
      SIGPROF_AUTOSTART: '1',
      SIGPROF_DURATION: '0.5',
    });
    await program.said(/sigprof: wrote /, 'stderr');
    expect(read(files('.collapsed')[0])).toMatch(/;hot /);
    program.child.kill('SIGKILL');
    await program.ended;
  });

  test('keeps the recording itself when asked for', async () => {
    await start('hot(100)', { SIGPROF_AUTOSTART: '1', SIGPROF_FORMATS: 'sigprof' }).ended;
    expect(readdirSync(folder.path)).toEqual([expect.stringMatching(/-1\.sigprof$/)]);
  });

  test('samples workers', async () => {
    const worker = `new (require('worker_threads').Worker)('${HOT} hot(400)', { eval: true })`;
    await start(worker, { SIGPROF_AUTOSTART: '1' }).ended;
    expect(read(files('.collapsed')[0])).toMatch(/;hot /);
  });

  test.each(['1', 'true', 'yes'])('is off with SIGPROF_DISABLE=%s', async (value) => {
    const environment = { SIGPROF_DISABLE: value, SIGPROF_AUTOSTART: '1' };
    const source = `console.log(require('fs').readFileSync('/proc/self/maps', 'utf8').includes('sigprof.node'))`;
    expect(await start(source, environment).ended).toMatchObject({ stdout: 'false\n', stderr: '' });
  });
});

test.each(NODE_VERSIONS)('Node %s records and draws by itself', async (version) => {
  const args = ['--require', preloadPath, '-e', `${HOT} hot(300)`];
  const environment = { SIGPROF_DIR: folder.path, SIGPROF_AUTOSTART: '1' };
  const ended = await new TestProcess(await nodeBinary(version), args, { env: environment }).ended;
  expect(ended).toMatchObject({ code: 0, stdout: '' });
  expect(ended.stderr).toMatch(/^sigprof: wrote [^\n]+\n$/);
  expect(files('.sigprof')).toEqual([]);
  expect(read(files('.collapsed')[0])).toMatch(/;hot /);
  expect(read(files('.svg')[0])).toContain('</svg>');
});

describe('a setting that cannot be used', () => {
  test.each([
    ['SIGPROF_RATE', 'fast'],
    ['SIGPROF_SIGNAL', 'SIGKILL'],
    ['SIGPROF_NATIVE', 'C++'],
  ])('is told in one line and does not harm: %s=%s', async (name, value) => {
    const ended = await start('console.log("app")', { [name]: value }).ended;
    expect(ended).toMatchObject({ code: 0, stdout: 'app\n' });
    expect(ended.stderr).toMatch(new RegExp(`^sigprof: ${name}[^\n]+\n$`));
  });

  test('is a folder that is not there', async () => {
    const ended = await start('console.log("app")', { SIGPROF_DIR: '/no/such/folder' }).ended;
    expect(ended).toMatchObject({ code: 0, stdout: 'app\n' });
    expect(ended.stderr).toMatch(/^sigprof: cannot write to \/no\/such\/folder: [^\n]+\n/);
  });

  test('is an addon that may not be loaded', async () => {
    const args = ['--no-addons', '--require', preloadPath, '-e', 'console.log("app")'];
    const ended = await new TestProcess(process.execPath, args).ended;
    expect(ended).toMatchObject({ code: 0, stdout: 'app\n' });
    expect(ended.stderr).toMatch(/^sigprof: [^\n]*not allowed to load addons[^\n]*\n$/);
  });

  test('is another copy of the package in the same process', async () => {
    mkdirSync(join(folder.path, 'copy'));
    const source = `
      const fs = require('fs');
      fs.copyFileSync('${preloadPath.replace('dist/register.cjs', 'build/Release/sigprof.node')}', 'copy/sigprof.node');
      console.log(require('./copy/sigprof.node').status().code);`;
    const ended = await start(source).ended;
    expect(ended.stdout).toBe('ERR_SIGPROF_SECOND_COPY\n');
    expect(ended.code).toBe(0);
  });
});
