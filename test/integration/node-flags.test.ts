// Ways to start Node: each program does what it does without us, and is sampled or says why not.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { cliPath, HOT, library, preloadPath, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const PROGRAM = `${HOT} while (process.cpuUsage().user < 250_000) hot(20); console.log('app');`;

const run = (words: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
  const [command = '', ...args] = words;
  return new TestProcess(command, args, { cwd: folder.path, env: environment }).ended;
};

const write = (name: string, text: string) => {
  writeFileSync(join(folder.path, name), text);
  return name;
};

/** Names of the functions in the one recording of a folder; undefined where there is none. */
async function namesIn(directory: string): Promise<string[] | undefined> {
  const [file] = readdirSync(directory).filter((name) => name.endsWith('.sigprof'));
  if (file === undefined) return undefined;
  const { Profile } = await library();
  return Profile.read(readFileSync(join(directory, file)))
    .functions()
    .map(({ name }) => name);
}

/** Runs Node with these words by itself and under the preload; checks that both are the same. */
async function compare(node: string, words: readonly string[], preload = ['-r', preloadPath]) {
  const directory = mkdtempSync(join(folder.path, 'files-'));
  const [control, ended] = await Promise.all([
    run([node, ...words]),
    run([node, ...preload, ...words], {
      SIGPROF_AUTOSTART: '1',
      SIGPROF_FORMATS: 'sigprof',
      SIGPROF_DIR: directory,
    }),
  ]);
  const { code, signal, stdout } = ended;
  expect({ words, code, signal, stdout }).toEqual({
    words,
    code: control.code,
    signal: control.signal,
    stdout: control.stdout,
  });
  return { ...ended, names: await namesIn(directory), isControlFine: control.code === 0 };
}

// What may change stacks, code, memory, globals or the loading of preloads.
const FLAGS = [
  ['--jitless'],
  ['--single-threaded'],
  ['--no-opt'],
  ['--no-lazy'],
  ['--max-lazy'],
  ['--predictable'],
  ['--interpreted-frames-native-stack'],
  ['--stack-size=500'],
  ['--max-old-space-size=64'],
  ['--frozen-intrinsics'],
  ['--disable-proto=throw'],
  ['--disallow-code-generation-from-strings'],
  ['--no-node-snapshot'],
  ['--enable-source-maps'],
  ['--expose-gc', '--trace-uncaught', '--pending-deprecation'],
];

describe.each(NODE_VERSIONS)('Node %s', (version) => {
  test('is sampled under flags of every kind', async () => {
    const node = await nodeBinary(version);
    for (const flags of FLAGS) {
      const { names, stderr, isControlFine } = await compare(node, [...flags, '-e', PROGRAM]);
      // A flag that this version lacks ends both the same way.
      if (isControlFine) expect(names, `${flags}: ${stderr}`).toContain('hot');
    }
  });

  test('is sampled by --import and NODE_OPTIONS, as ES module and under a loader', async () => {
    const node = await nodeBinary(version);
    const module = write('app.mjs', `${PROGRAM} export {};`);
    const byImport = await compare(node, [module], ['--import', preloadPath]);
    expect(byImport.names).toContain('hot');
    write(
      'hooks.mjs',
      `export async function load(url, context, next) { return next(url, context); }`,
    );
    const loaded = await compare(node, ['--no-warnings', '--loader', './hooks.mjs', module]);
    expect(loaded.names).toContain('hot');
    const ended = await run(
      [process.execPath, cliPath, 'record', '-q', '-o', 'a.sigprof', '--', node, module],
      {
        NODE_OPTIONS: '--no-warnings',
      },
    );
    expect(ended).toMatchObject({ code: 0, stdout: 'app\n' });
    expect(await namesIn(folder.path)).toContain('hot');
  });
});

const from = (least: string) => {
  const order = (version: string) =>
    version
      .split('.')
      .map((part) => part.padStart(4, '0'))
      .join();
  return NODE_VERSIONS.filter((version) => order(version) >= order(least));
};

test.each(from('22.18.0'))('TypeScript is sampled by its own names: Node %s', async (version) => {
  const script = write(
    'app.ts',
    `${HOT.replace('(ms)', '(ms: number): void')} hot(100); while (process.cpuUsage().user < 250_000) hot(20); console.log('app' as string);`,
  );
  const { names } = await compare(await nodeBinary(version), ['--no-warnings', script]);
  expect(names).toContain('hot');
});

test.each(from('20.0.0'))('node --test runs its children as ever: Node %s', async (version) => {
  write(
    'one.test.cjs',
    `require('node:test')('one', () => { ${PROGRAM.replace("console.log('app');", '')} });`,
  );
  const directory = join(folder.path, 'files');
  mkdirSync(directory);
  const ended = await run(
    [await nodeBinary(version), '-r', preloadPath, '--test', 'one.test.cjs'],
    {
      SIGPROF_AUTOSTART: '1',
      SIGPROF_FORMATS: 'sigprof',
      SIGPROF_DIR: directory,
    },
  );
  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/pass 1/);
  // The runner; its child inherits the preload by the runner's arguments where that version passes them on.
  expect(readdirSync(directory).length).toBeGreaterThan(0);
});

test.each(from('20.0.0'))(
  'a start-up snapshot is built and run as ever: Node %s',
  async (version) => {
    const node = await nodeBinary(version);
    const entry = write(
      'entry.cjs',
      `${HOT} require('v8').startupSnapshot.setDeserializeMainFunction(() => { ${PROGRAM.replace(HOT, '')} });`,
    );
    const built = await compare(node, ['--snapshot-blob', 'snap.blob', '--build-snapshot', entry]);
    expect(built.code).toBe(0);
    await compare(node, ['--snapshot-blob', 'snap.blob', 'x.cjs']);
  },
);

describe("Node's permission model", () => {
  const flag = (version: string) =>
    version.startsWith('20.') ? '--experimental-permission' : '--permission';
  const all = ['--no-warnings', '--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons'];

  test.each(from('20.0.0'))('lets sigprof work when it may: Node %s', async (version) => {
    const words = [flag(version), ...all, '-e', PROGRAM];
    const { names, stderr } = await compare(await nodeBinary(version), words);
    expect(names, stderr).toContain('hot');
  });

  test.each(from('20.0.0'))('is respected, with one line why: Node %s', async (version) => {
    const node = await nodeBinary(version);
    for (const [missing, reason] of [
      [
        '--allow-addons',
        /^sigprof: the addon cannot be loaded .*not allowed to load addons[^\n]*\n$/,
      ],
      ['--allow-fs-write=*', /^sigprof: not permitted to write to [^\n]* --allow-fs-write\n$/],
    ] as const) {
      const words = [flag(version), ...all.filter((word) => word !== missing), '-e', PROGRAM];
      const { names, stderr } = await compare(node, words);
      expect(names).toBeUndefined();
      expect(stderr).toMatch(reason);
    }
  });

  test('is looked at before a program is launched', async () => {
    const command = [process.execPath, cliPath, 'record', '-o', 'a.svg', '--', process.execPath];
    const ended = await run([
      ...command,
      '--experimental-permission',
      '--allow-addons',
      '-e',
      PROGRAM,
    ]);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(
      /^sigprof: Node's permission model [^\n]*--allow-fs-read=[^\n]*\n$/,
    );
  });
});

describe('sigprof record', () => {
  test.each([
    ['npm', ['start']],
    ['npm', ['run', 'start']],
    ['npm', ['test']],
    ['npx', ['--no', '--', 'node', 'app.cjs']],
  ])('of "%s %s" records the program that it starts', async (command, words) => {
    write('app.cjs', PROGRAM);
    const scripts = { start: 'node app.cjs', test: 'node app.cjs' };
    write('package.json', JSON.stringify({ scripts }));
    const ended = await run([
      process.execPath,
      cliPath,
      'record',
      '-q',
      '-o',
      'a.sigprof',
      '--',
      command,
      ...words,
    ]);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/app\n$/);
    expect(await namesIn(folder.path)).toContain('hot');
  });

  test('of npm itself records npm', async () => {
    const ended = await run([
      process.execPath,
      cliPath,
      'record',
      '-q',
      '-o',
      'a.sigprof',
      '--',
      'npm',
      '--version',
    ]);
    expect(ended.code).toBe(0);
    expect((await namesIn(folder.path))?.length).toBeGreaterThan(10);
  });
});
