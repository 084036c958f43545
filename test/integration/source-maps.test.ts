// Programs in TypeScript, compiled and bundled as people do it: do profiles show what they wrote?
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, test } from 'vitest';
import { nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { program } from './recorded-program.ts';
import { sigprof, TestProcess, useSharedFolder } from './sigprof-process.ts';

const folder = useSharedFolder();
const file = (name: string) => join(folder.path, name);
const inFolder = (args: readonly string[]) => sigprof(args, { cwd: folder.path });

const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

function compile(outDir: string, ...flags: readonly string[]): void {
  const options = ['--target', 'es2022', '--module', 'nodenext', '--rootDir', 'src'];
  // Types are not looked at: that takes longer than all the rest.
  const quick = ['--noCheck', '--noLib', '--rewriteRelativeImportExtensions'];
  const args = [tsc, ...options, ...quick, '--outDir', outDir, ...flags, 'src/main.ts'];
  spawnSync(process.execPath, args, { cwd: folder.path });
}

async function bundle(name: string): Promise<void> {
  const built = await rolldown({ input: file('src/main.ts'), platform: 'node' });
  await built.write({ file: file(name), format: 'esm', sourcemap: true, minify: true });
}

beforeAll(async () => {
  cpSync(program('typed'), file('src'), { recursive: true });
  writeFileSync(file('package.json'), '{ "type": "module" }');
  compile('dist', '--sourceMap');
  compile('inline', '--inlineSourceMap', '--inlineSources');
  await bundle('bundle.js');
});

const sourceLines = (name: string) => readFileSync(program(`typed/${name}`), 'utf8').split('\n');
const lineOf = (name: string, text: string) =>
  sourceLines(name).findIndex((line) => line.includes(text)) + 1;

/** The heaviest way to `computeArea` by executing lines, from the program's own code on. */
async function recordLines(
  node: string,
  script: string,
  ...flags: readonly string[]
): Promise<{ path: string; said: string }> {
  const args = ['record', '-l', '-r', '1000', '-f', 'collapsed', '-o', '-', ...flags];
  const { code, stdout, stderr } = await inFolder([...args, '--', node, script]);
  expect(code).toBe(0);
  const weights = new Map<string, number>();
  for (const line of stdout.split('\n')) {
    const path = /;(\(anonymous\) \([^;:]+:\d+\);burnTime .*?computeArea [^;]+\))[; ]/.exec(
      line,
    )?.[1];
    if (path === undefined) continue;
    weights.set(path, (weights.get(path) ?? 0) + Number(/\d+$/.exec(line)?.[0]));
  }
  const [heaviest] = [...weights].sort(([, a], [, b]) => b - a);
  return { path: heaviest?.[0] ?? stdout, said: stderr };
}

const written = () =>
  [
    `(anonymous) (src/main.ts:${lineOf('main.ts', '// top')})`,
    `burnTime (src/main.ts:${lineOf('main.ts', '// call')})`,
    `computeArea (src/shapes.ts:${lineOf('shapes.ts', '// hot')})`,
  ].join(';');

describe('a program in TypeScript shows as it was written', () => {
  test.each(['dist/main.js', 'inline/main.js', 'bundle.js'])('as %s', async (script) => {
    const { path, said } = await recordLines(process.execPath, script);
    expect(path).toBe(written());
    expect(said).not.toContain('source map');
  });

  test.each(['18.20.8', '26.10.0'])('under Node %s', async (version) => {
    const { path } = await recordLines(await nodeBinary(version), 'bundle.js');
    expect(path).toBe(written());
  });

  test('run by Node itself, which takes the types out and moves nothing', async () => {
    const { path } = await recordLines(await nodeBinary('24.21.0'), 'src/main.ts');
    expect(path).toBe(written());
  });
});

describe('a script whose map is not to be had', () => {
  const asCompiled =
    /^\(anonymous\) \(dist\/main\.js:\d+\);burnTime \(dist\/main\.js:\d+\);computeArea \(dist\/shapes/;

  test('shows as compiled, which is said in one line', async () => {
    for (const name of ['main', 'shapes']) {
      const code = readFileSync(file(`dist/${name}.js`), 'utf8');
      writeFileSync(file(`dist/${name}.js`), code.replace('.js.map', '.gone.map'));
    }
    writeFileSync(file('dist/shapes.gone.map'), '{ "version": 3 }');
    const { path, said } = await recordLines(process.execPath, 'dist/main.js');
    expect(path).toMatch(asCompiled);
    expect(said.match(/.*source map.*/g)).toEqual([
      expect.stringMatching(
        /^sigprof: warning: 2 of 2 source maps could not be used \(1 missing, 1 broken\), /,
      ),
    ]);
  });

  test('shows as compiled and nothing is said with --no-source-maps', async () => {
    const { path, said } = await recordLines(process.execPath, 'dist/main.js', '--no-source-maps');
    expect(path).toMatch(asCompiled);
    expect(said).not.toContain('source map');
  });
});

describe('a recording that was made without source maps', () => {
  const raw = ['record', '-q', '-r', '1000', '--no-source-maps', '-o', 'raw.sigprof', '--'];

  test('shows the sources when it is read, and their text where only the map has it', async () => {
    expect((await inFolder([...raw, process.execPath, 'bundle.js'])).code).toBe(0);
    renameSync(file('src'), file('elsewhere'));
    const { stdout } = await inFolder(['report', '-l', '-j', 'raw.sigprof']);
    renameSync(file('elsewhere'), file('src'));
    const { lines } = JSON.parse(stdout) as {
      lines: { path: string; line: number; source: string }[];
    };
    const line = lineOf('shapes.ts', '// hot');
    expect(lines.find((row) => row.path === 'src/shapes.ts' && row.line === line)?.source).toBe(
      sourceLines('shapes.ts')[line - 1]?.trim(),
    );
    const { stdout: asRecorded } = await inFolder(['report', '--no-source-maps', 'raw.sigprof']);
    expect(asRecorded).toContain('bundle.js:1');
    expect(asRecorded).not.toContain('shapes.ts');
  });
});

test('a running process shows as it was written', async () => {
  const { child, ended, said } = startBundle();
  await said;
  const { stdout, code } = await inFolder(['dump', '-p', String(child.pid)]);
  child.kill('SIGKILL');
  await ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/burnTime \(src\/main\.ts:\d+\)/);
});

function startBundle() {
  const args = [file('bundle.js'), '60000'];
  const running = new TestProcess(process.execPath, args, { cwd: folder.path });
  return { child: running.child, ended: running.ended, said: running.said(/working/) };
}
