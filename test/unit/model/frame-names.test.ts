import { describe, expect, it } from 'vitest';
import { readableBuiltinName } from '../../../src/model/builtin-names.ts';
import { FrameNamer, guessCategory } from '../../../src/model/frame-names.ts';
import { FunctionKind } from '../../../src/model/profile-data.ts';
import { readablePath } from '../../../src/model/script-paths.ts';
import { type FrameInShort, makeProfile } from './make-profile.ts';

const label = (frame: FrameInShort, options = {}, cwd = '/srv/app') => {
  const profile = makeProfile([{ frames: [frame] }], { cwd });
  return new FrameNamer(profile, options).frameLabel(0);
};

describe('builtins', () => {
  it.each([
    ['ArrayPrototypeSort', 'Array.prototype.sort'],
    ['ArrayTimSort', 'Array.prototype.sort'],
    ['ArrayForEach', 'Array.prototype.forEach'],
    ['ArrayForEachLoopContinuation', 'Array.prototype.forEach'],
    ['ArrayReducePreLoopEagerDeoptContinuation', 'Array.prototype.reduce'],
    ['ArrayFindIndexLoopAfterCallbackLazyDeoptContinuation', 'Array.prototype.findIndex'],
    ['ArrayFrom', 'Array.from'],
    ['JsonParse', 'JSON.parse'],
    ['JsonRawJson', 'JSON.rawJSON'],
    ['MathMax', 'Math.max'],
    ['ObjectKeys', 'Object.keys'],
    ['ObjectPrototypeHasOwnProperty', 'Object.prototype.hasOwnProperty'],
    ['MapPrototypeSet', 'Map.prototype.set'],
    ['MapPrototypeGetSize', 'get Map.prototype.size'],
    ['TypedArrayPrototypeFill', 'TypedArray.prototype.fill'],
    ['PromisePrototypeThen', 'Promise.prototype.then'],
    ['RegExpPrototypeFlagsGetter', 'get RegExp.prototype.flags'],
    ['DatePrototypeToISOString', 'Date.prototype.toISOString'],
    ['DatePrototypeGetTime', 'Date.prototype.getTime'],
    ['StringPrototypeToLowerCaseIntl', 'String.prototype.toLowerCase'],
    ['DateUTC', 'Date.UTC'],
    ['GlobalIsNaN', 'isNaN'],
    ['MapConstructor', 'Map'],
    ['PromiseResolveThenableJob', 'PromiseResolveThenableJob'],
    ['sort', 'sort'],
    ['', ''],
    ['constructor', 'constructor'],
  ])('%s reads %s', (symbol, expected) => {
    expect(readableBuiltinName(symbol)).toBe(expected);
  });
});

describe('paths', () => {
  it.each([
    ['/srv/app/src/a.js', 'src/a.js'],
    ['/srv/application/a.js', '/srv/application/a.js'],
    ['file:///srv/app/src/a%20b.mjs?v=1#x', 'src/a b.mjs'],
    ['/srv/app/node_modules/x/i.js', 'node_modules/x/i.js'],
    ['/opt/lib/node_modules/x/i.js', 'node_modules/x/i.js'],
    ['/srv/app/node_modules/.pnpm/x@1/node_modules/x/i.js', 'node_modules/x/i.js'],
    ['/srv/app/node_modules/a/node_modules/b/i.js', 'node_modules/a/node_modules/b/i.js'],
    ['/srv/app/my_node_modules/i.js', 'my_node_modules/i.js'],
    ['node:internal/fs/utils', 'node:internal/fs/utils'],
    ['https://x.org/a.js?token=1', 'https://x.org/a.js'],
    ['file://bad%zz', 'file://bad%zz'],
    ['evalmachine.<anonymous>', 'evalmachine.<anonymous>'],
    ['', ''],
  ])('%s reads %s', (script, expected) => {
    expect(readablePath(script, { cwd: '/srv/app' })).toBe(expected);
  });

  it('are whole with fullFilenames', () => {
    const options = { cwd: '/srv/app', fullFilenames: true };
    expect(readablePath('file:///srv/app/node_modules/x/i.js', options)).toBe(
      '/srv/app/node_modules/x/i.js',
    );
  });

  it('cut data: URLs short', () => {
    expect(readablePath(`data:text/javascript,${'x'.repeat(1000)}`).length).toBeLessThan(40);
  });

  it('stay whole below the root folder as working directory', () => {
    expect(readablePath('/a/b.js', { cwd: '/' })).toBe('/a/b.js');
  });
});

describe('frames', () => {
  const script = '/srv/app/src/a.js';
  it.each<[FrameInShort, string, string]>([
    [{ name: 'f', script, line: 3, executing: 9 }, 'f (src/a.js:3)', 'app'],
    [{ name: '', script, line: 3 }, '(anonymous) (src/a.js:3)', 'app'],
    [{ name: 'f', script }, 'f (src/a.js)', 'app'],
    [{ name: 'f' }, 'f', 'app'],
    [
      { name: 'get', script: '/srv/app/node_modules/x/i.js', line: 1 },
      'get (node_modules/x/i.js:1)',
      'package',
    ],
    [{ name: 'emit', script: 'node:events', line: 8 }, 'emit (node:events:8)', 'node'],
    [{ name: 'JsonParse', kind: FunctionKind.builtin }, 'JSON.parse [builtin]', 'builtin'],
    [
      { name: 'ZSTD_compress', script: '/usr/lib/libzstd.so', kind: FunctionKind.native },
      'ZSTD_compress [libzstd.so]',
      'native',
    ],
    [{ name: 'wasm-function[12]', kind: FunctionKind.wasm }, 'wasm-function[12] [wasm]', 'wasm'],
    [
      { name: 'fft', script: 'wasm://wasm/dsp-1f:wasm-function[7]', kind: FunctionKind.wasm },
      'fft (wasm://wasm/dsp-1f:wasm-function[7])',
      'wasm',
    ],
    [{ name: 'a+b', kind: FunctionKind.regexp }, 'RegExp: a+b', 'regexp'],
    [{ name: '(regexp)', kind: FunctionKind.regexp }, '(regexp)', 'regexp'],
    [
      { name: '(garbage collector)', kind: FunctionKind.garbageCollector },
      '(garbage collector)',
      'gc',
    ],
    [
      { name: '(native thread: pool)', kind: FunctionKind.nativeThread },
      '(native thread: pool)',
      'native',
    ],
    [{ name: '[truncated]', kind: FunctionKind.special }, '[truncated]', 'special'],
  ])('%j reads %s', (frame, text, category) => {
    expect(label(frame)).toEqual({ text, category });
    // Text profiles hold these words only, and must be coloured alike.
    if (text !== 'f') expect(guessCategory(text)).toBe(category);
  });

  it('name the executing line on request', () => {
    const frame = { name: 'f', script, line: 3, executing: 9 };
    expect(label(frame, { lines: true }).text).toBe('f (src/a.js:9)');
    expect(label({ ...frame, executing: 0 }, { lines: true }).text).toBe('f (src/a.js:3)');
  });

  it('keep very long names apart though they are cut', () => {
    const [a, b] = ['a', 'b'].map((end) => label({ name: 'n'.repeat(1e6) + end }).text);
    expect(a).not.toBe(b);
    expect(a?.length).toBeLessThan(600);
  });
});
