// What may be wrong with the machine, the package or the process: one line that says what failed, why
// and what to do; the program runs as ever; what is recorded already is kept.
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
const deny = useNative('deny_syscall', 'program');
const root = fileURLToPath(new URL('../../', import.meta.url));

const APP = `${HOT} hot(200); console.log('app')`;
const oneLine = (problem: string) => new RegExp(`^sigprof: [^\\n]*${problem}[^\\n]*\\n$`);

/** Runs a command line in the test's folder. */
function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [command = '', ...args] = words;
  return new TestProcess(command, args, { cwd: folder.path, env: environment }).ended;
}

/** The program under the preload, recording from its start into the test's folder. */
function preloaded(
  before: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  { node = process.execPath, preload = preloadPath, flags = [] as readonly string[] } = {},
): Promise<Ended> {
  const settings = { SIGPROF_AUTOSTART: '1', SIGPROF_DIR: folder.path, SIGPROF_FORMATS: 'sigprof' };
  return run([...before, node, ...flags, '-r', preload, '-e', APP], {
    ...settings,
    ...environment,
  });
}

function recorded(
  before: readonly string[],
  args: readonly string[] = [],
  node = process.execPath,
) {
  const command = [...before, process.execPath, cliPath, 'record', ...args];
  return run([...command, '--', node, '-e', APP]);
}

const unharmed = { code: 0, signal: null, stdout: 'app\n' };
const recordings = () => readdirSync(folder.path).filter((name) => name.endsWith('.sigprof'));
const read = (name: string) => readFileSync(join(folder.path, name), 'utf8');

describe('a V8 whose layout is not known', () => {
  test.each<[string, string, string, RegExp]>([
    [NODE_VERSIONS[0] as string, 'all symbols', 'v8dbg_', /exports no V8 debug symbols/],
    [
      NODE_VERSIONS.at(-1) as string,
      'the symbols of functions',
      'v8dbg_class_JSFunction__',
      /lacks the debug symbol v8dbg_class_JSFunction__/,
    ],
  ])('of Node %s without %s is refused', async (version, _, symbol, reason) => {
    const binary = readFileSync(await nodeBinary(version));
    for (let at = binary.indexOf(symbol); at >= 0; at = binary.indexOf(symbol, at + 1)) {
      binary[at] = 'x'.charCodeAt(0);
    }
    const node = join(folder.path, 'node');
    writeFileSync(node, binary, { mode: 0o755 });
    const registered = await preloaded([], {}, { node });
    expect(registered).toMatchObject(unharmed);
    expect(registered.stderr).toMatch(reason);
    expect(registered.stderr).toMatch(oneLine(''));
    const ended = await recorded([], [], node);
    expect(ended).toMatchObject({ code: 1, stdout: 'app\n' });
    expect(ended.stderr).toMatch(reason);
    expect(ended.stderr).toMatch(oneLine('nothing recorded: '));
  });
});

describe('an addon that', () => {
  /** A copy of the package whose binary is what `make` leaves of the good one. */
  function packageWith(make: (addon: string) => void): string {
    const copy = join(folder.path, 'package');
    for (const part of ['dist', 'package.json', 'node_modules/node-gyp-build']) {
      cpSync(join(root, part), join(copy, part), { recursive: true, dereference: true });
    }
    mkdirSync(join(copy, 'build/Release'), { recursive: true });
    const addon = join(copy, 'build/Release/sigprof.node');
    cpSync(join(root, 'build/Release/sigprof.node'), addon);
    make(addon);
    return join(copy, 'dist/register.cjs');
  }
  const patch = (from: string, to: string) => (addon: string) => {
    const bytes = readFileSync(addon);
    const at = bytes.indexOf(from);
    expect(at).toBeGreaterThan(0);
    bytes.write(to, at);
    writeFileSync(addon, bytes);
  };

  test.each<[string, (addon: string) => void, RegExp]>([
    [
      'is missing',
      (addon) => rmSync(addon),
      /the package holds no binary for it; run `npm rebuild/,
    ],
    [
      'is of another architecture',
      (addon) => {
        const bytes = readFileSync(addon);
        bytes.writeUInt16LE(0xb7, 18); // e_machine: aarch64
        writeFileSync(addon, bytes);
      },
      /./,
    ],
    ['is torn', (addon) => writeFileSync(addon, readFileSync(addon).subarray(0, 300)), /./],
    ['is no library', (addon) => writeFileSync(addon, 'sigprof'.repeat(100)), /./],
    [
      'wants a newer C library',
      patch('GLIBC_2.3', 'GLIBC_9.9'),
      /the binary needs a newer C library .*GLIBC_9\.9/,
    ],
    [
      'was built for musl',
      patch('libc.so.6', 'libc.musl'),
      /built for another platform or C library/,
    ],
  ])('%s is told in one line with the remedy', async (_, make, reason) => {
    const ended = await preloaded([], {}, { preload: packageWith(make) });
    expect(ended).toMatchObject(unharmed);
    expect(ended.stderr).toMatch(reason);
    expect(ended.stderr).toMatch(
      oneLine('the addon cannot be loaded on linux-x64 .*npm rebuild sigprof'),
    );
    expect(recordings()).toEqual([]);
  });
});

describe('a toggle signal that has a handler already', () => {
  test('is left to the program', async () => {
    writeFileSync(
      join(folder.path, 'own.cjs'),
      `process.on('SIGUSR2', () => { console.log('mine'); process.exit(3); });`,
    );
    const source = `process.kill(process.pid, 'SIGUSR2'); setTimeout(() => {}, 20000)`;
    const ended = await run([process.execPath, '-r', './own.cjs', '-r', preloadPath, '-e', source]);
    expect(ended).toMatchObject({ code: 3, stdout: 'mine\n' });
    expect(ended.stderr).toMatch(
      oneLine('has a handler in this process already; .*SIGPROF_SIGNAL'),
    );
  });
});

describe('limits', () => {
  test('on timers are got around by perf', async () => {
    const ended = await recorded(['prlimit', '--sigpending=0'], ['-o', 'a.txt']);
    expect(ended).toMatchObject({ code: 0, stdout: 'app\n' });
    expect(read('a.txt')).toMatch(/;hot /);
  });

  test('on timers, without perf, are told', async () => {
    const limited = ['prlimit', '--sigpending=0', deny.path, '298', '1'];
    const ended = await recorded(limited, ['-o', 'a.txt']);
    expect(ended).toMatchObject({ code: 1, stdout: 'app\n' });
    expect(ended.stderr).toMatch(oneLine('nothing recorded: .*RLIMIT_SIGPENDING.*ulimit -i'));
    const registered = await preloaded(limited);
    expect(registered).toMatchObject(unharmed);
    expect(registered.stderr).toMatch(oneLine('cannot start a recording: .*RLIMIT_SIGPENDING'));
  });

  test('on timers that only some threads get are counted', async () => {
    const workers = `const { Worker } = require('worker_threads');
      for (let i = 0; i < 6; i++) new Worker('${HOT} hot(100)', { eval: true });`;
    const limited = ['prlimit', '--sigpending=3', deny.path, '298', '1'];
    const command = [process.execPath, cliPath, 'record', '-o', 'a.txt'];
    const ended = await run([...limited, ...command, '--', process.execPath, '-e', workers]);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/lost: .*[3-6] threads without a timer/);
  });

  test('on open files harm nothing', async () => {
    const outcomes = [20, 22, 24, 26, 28, 30].map(async (files) => {
      const limited = ['prlimit', `--nofile=${files}`];
      const control = await run([...limited, process.execPath, '-e', APP]);
      if (control.code !== 0) return 'too few for Node itself';
      const ended = await preloaded(limited);
      expect(ended.stderr).toMatch(/^(sigprof: [^\n]*\n)?$/);
      return { ...ended, stderr: '' };
    });
    const all = await Promise.all(outcomes);
    expect(all.filter((each) => typeof each === 'object').length).toBeGreaterThan(2);
    for (const each of all) if (typeof each === 'object') expect(each).toMatchObject(unharmed);
  });

  test('on the size of files keep what fits, as full disks do', async () => {
    const settings = { SIGPROF_RATE: '1000' };
    const ended = await preloaded(['prlimit', '--fsize=2500'], settings);
    expect(ended).toMatchObject(unharmed);
    expect(ended.stderr).toMatch(
      oneLine('Cannot write to .*File too large; raise the file size limit .* is in /'),
    );
    const [file = ''] = recordings();
    // Whole batches, and no more than fits: it reads well.
    const { Profile } = await library();
    expect(Profile.read(readFileSync(join(folder.path, file))).meta.mode).toBe('cpu');
    expect(statSync(join(folder.path, file)).size).toBeLessThanOrEqual(2500);
  });

  test('that the stream of a launched program meets are told, and what fits is drawn', async () => {
    const ended = await recorded(['prlimit', '--fsize=2500'], ['-r', '1000', '-o', 'a.txt']);
    expect(ended).toMatchObject({ code: 0, stdout: 'app\n' });
    expect(ended.stderr).toMatch(/^sigprof: Cannot write to [^\n]*; the recording ends there\n/);
    expect(ended.stderr).toContain('wrote a.txt');
  });
});

describe('an output that takes no more', () => {
  test.each([
    ['a file', ['-o', '/dev/full', '-f', 'collapsed'], ''],
    ['stdout', ['-o', '-', '-f', 'collapsed'], '> /dev/full'],
  ])('%s: the recording is kept, and can be converted', async (_, args, redirection) => {
    const words = [process.execPath, cliPath, 'record', '-q', ...args, '--', process.execPath];
    const source = `${HOT} hot(200)`;
    const quoted = [...words, '-e', source].map((word) => `'${word}'`).join(' ');
    mkdirSync(join(folder.path, 'tmp'));
    const ended = await run(['sh', '-c', `${quoted} ${redirection}`], {
      TMPDIR: join(folder.path, 'tmp'),
    });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(oneLine('no space left on device.* the recording is kept in '));
    const kept = /kept in (\S+),/.exec(ended.stderr)?.[1] ?? '';
    const { Profile } = await library();
    const names = Profile.read(readFileSync(kept))
      .functions()
      .map(({ name }) => name);
    expect(names).toContain('hot');
  });

  test.each([
    ['a folder below a file', '/dev/null/x', 'Not a directory'],
    ['a folder where nobody may make files', '/proc', 'Cannot create a recording in /proc'],
  ])('%s is told, and the program goes on', async (_, directory, reason) => {
    const ended = await preloaded([], { SIGPROF_DIR: directory });
    expect(ended).toMatchObject(unharmed);
    expect(ended.stderr.trimEnd().split('\n').at(-1)).toMatch(reason);
  });

  test('a folder that goes during the recording costs that recording only', async () => {
    const directory = join(folder.path, 'gone');
    mkdirSync(directory);
    const source = `${HOT} hot(150); require('fs').rmSync(process.env.SIGPROF_DIR, { recursive: true }); hot(100); console.log('app')`;
    const ended = await run([process.execPath, '-r', preloadPath, '-e', source], {
      SIGPROF_AUTOSTART: '1',
      SIGPROF_DIR: directory,
    });
    expect(ended).toMatchObject(unharmed);
    expect(ended.stderr).toMatch(oneLine('Cannot rename the recording to .*No such file'));
  });
});

// x86-64: process_vm_readv 310, perf_event_open 298, rt_tgsigqueueinfo 297, timer_create 222.
describe('a sandbox that denies', () => {
  test.each([
    ['process_vm_readv', '310', '1'],
    ['process_vm_readv as unknown', '310', '38'],
    ['perf_event_open', '298', '1'],
    ['perf_event_open, and signals to threads', '298,297', '38'],
    ['timer_create, and perf_event_open', '222,298', '1'],
  ])('%s is worked around', async (_, calls, error) => {
    const args = ['-r', '1000', '-o', 'a.txt'];
    const ended = await recorded([deny.path, calls, error], args);
    expect(ended).toMatchObject({ code: 0, stdout: 'app\n' });
    expect(read('a.txt')).toMatch(/;hot /);
  });

  test('all ways to tick is told', async () => {
    const ended = await recorded([deny.path, '222,298,297', '1'], ['-o', 'a.txt']);
    expect(ended).toMatchObject({ code: 1, stdout: 'app\n' });
    expect(ended.stderr).toMatch(
      oneLine('nothing recorded: Cannot create a timer .* allow timer_create'),
    );
  });
});

describe('files', () => {
  test('are for the owner alone, whatever the umask', async () => {
    const words = [
      process.execPath,
      cliPath,
      'record',
      '-q',
      '-o',
      'a.svg',
      '--',
      process.execPath,
    ];
    const quoted = [...words, '-e', `${HOT} hot(50)`].map((word) => `'${word}'`).join(' ');
    await run(['sh', '-c', `umask 000; ${quoted}`]);
    await run(['sh', '-c', `umask 000; '${process.execPath}' -r '${preloadPath}' -e 0`], {
      SIGPROF_AUTOSTART: '1',
      SIGPROF_DIR: folder.path,
      SIGPROF_FORMATS: 'collapsed,svg,sigprof',
    });
    const names = readdirSync(folder.path);
    expect(names).toHaveLength(4);
    for (const name of names) expect(statSync(join(folder.path, name)).mode & 0o777).toBe(0o600);
  });

  test('replace a planted link instead of following it', async () => {
    const victim = join(folder.path, 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, join(folder.path, 'a.svg'));
    expect((await recorded([], ['-q', '-o', 'a.svg'])).code).toBe(0);
    expect(read('victim')).toBe('untouched');
    expect(lstatSync(join(folder.path, 'a.svg')).isFile()).toBe(true);
  });

  test('of the preload never replace what has their name, link or file', async () => {
    // All names of this process within the next minute, planted by the program itself.
    const source = `const fs = require('fs'); const two = (n) => String(n).padStart(2, '0');
      fs.writeFileSync('victim', 'untouched');
      for (let s = 0; s < 60; s++) {
        const d = new Date(Date.now() + s * 1000);
        const stamp = d.getFullYear() + two(d.getMonth() + 1) + two(d.getDate()) + '-' + two(d.getHours()) + two(d.getMinutes()) + two(d.getSeconds());
        fs.symlinkSync('victim', 'sigprof-' + process.pid + '-' + stamp + '-1.sigprof');
      }
      ${HOT} hot(100); process.kill(process.pid, 'SIGUSR2'); hot(300); process.kill(process.pid, 'SIGUSR2'); hot(200);`;
    const ended = await run([process.execPath, '-r', preloadPath, '-e', source], {
      SIGPROF_DIR: folder.path,
      SIGPROF_FORMATS: 'sigprof',
    });
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(oneLine('Cannot rename the recording to .*File exists.* is in /'));
    expect(read('victim')).toBe('untouched');
    const kept = / is in (\S+)/.exec(ended.stderr)?.[1] ?? '';
    const { Profile } = await library();
    expect(Profile.read(readFileSync(kept)).totals.samples).toBeGreaterThan(0);
  });
});
