import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HOT, preloadPath, sigprof, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const up = `console.log('up'); setInterval(() => {}, 1000);`;

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): TestProcess {
  return new TestProcess(process.execPath, args, {
    env: { SIGPROF_DIR: folder.path, ...environment },
  });
}

async function stop(program: TestProcess): Promise<void> {
  program.child.kill('SIGKILL');
  await program.ended;
}

const pidOf = (program: TestProcess) => String(program.child.pid);

describe('sigprof toggle', () => {
  test.each(['SIGUSR2', 'SIGHUP'])('starts and ends a recording by %s', async (signal) => {
    const source = `console.log('up'); ${HOT} setInterval(() => { hot(20); console.log('beat') }, 25);`;
    const program = start(['--require', preloadPath, '-e', source], { SIGPROF_SIGNAL: signal });
    await program.said(/up/);
    const first = await sigprof(['toggle', pidOf(program)]);
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toMatch(new RegExp(`^sigprof: sent ${signal} to process \\d+ `));
    await program.said(/(beat\n[\s\S]*){20}/);
    await sigprof(['toggle', pidOf(program)]);
    await program.said(/sigprof: wrote /, 'stderr');
    const [folded = ''] = readdirSync(folder.path).filter((name) => name.endsWith('.collapsed'));
    expect(readFileSync(join(folder.path, folded), 'utf8')).toMatch(/;hot /);
    await stop(program);
  });

  const refused = async (program: TestProcess, reason: RegExp) => {
    await program.said(/up/);
    const ended = await sigprof(['toggle', pidOf(program)]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(reason);
    expect(ended.stderr).toMatch(/^sigprof: [^\n]+\n$/);
    expect(program.child.signalCode).toBeNull();
    await stop(program);
  };

  test('refuses a Node that has not loaded the preload', async () => {
    await refused(start(['-e', up]), /has not loaded sigprof\/register/);
  });

  test('refuses another program', async () => {
    await refused(new TestProcess('sh', ['-c', 'echo up; read x']), /is not Node/);
  });

  test('refuses a process whose signal lost its handler', async () => {
    // Node puts the default action back when the last listener goes.
    const steal = `const f = () => {}; process.on('SIGUSR2', f); process.removeListener('SIGUSR2', f);`;
    await refused(
      start(['--require', preloadPath, '-e', `${steal} ${up}`]),
      /does not handle SIGUSR2, so that would end it/,
    );
  });

  test('refuses a process that asked for no signal', async () => {
    const program = start(['--require', preloadPath, '-e', up], { SIGPROF_SIGNAL: 'none' });
    await refused(program, /has no toggle signal/);
  });

  test('refuses a pid without a process, and what is no pid', async () => {
    expect(await sigprof(['toggle', '4194000'])).toMatchObject({ code: 1 });
    expect(await sigprof(['toggle', 'node'])).toMatchObject({ code: 2 });
  });
});
