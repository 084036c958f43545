import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// What a user gets: the packed tarball, installed in an empty folder, without a compiler run.
const root = join(import.meta.dirname, '../..');
let project: string;

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'scripts/prebuild.mjs')], { stdio: 'pipe' });
  project = mkdtempSync(join(tmpdir(), 'sigprof-package-'));
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', project], {
    cwd: root,
    stdio: 'pipe',
  });
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz')) as string;
  writeFileSync(join(project, 'package.json'), '{"name":"app","version":"1.0.0","type":"module"}');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', join(project, tarball)];
  execFileSync('npm', args, { cwd: project, stdio: 'pipe' });
  writeFileSync(
    join(project, 'app.mjs'),
    `function burn() { let x = 0; for (let i = 0; i < 3e8; i++) x += i % 7; return x; }
     process.exitCode = burn() > 0 ? 3 : 4;`,
  );
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('The installed package records a program and passes on its exit code', () => {
  const bin = join(project, 'node_modules/.bin/sigprof');
  const run = spawnSync(bin, ['record', '-o', 'out.collapsed', '--', 'node', 'app.mjs'], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(run.stderr).toContain('out.collapsed');
  expect(run.status).toBe(3);
  expect(readFileSync(join(project, 'out.collapsed'), 'utf8')).toMatch(/burn \(app\.mjs:1\)/);
});

test('The installed package can be imported, required and preloaded', () => {
  const importing = `import { Profiler } from 'sigprof'; const p = new Profiler(); p.start();
    console.log(p.stop().totals.samples >= 0);`;
  const run = (args: string[]): string =>
    execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' }).trim();
  expect(run(['--input-type=module', '-e', importing])).toBe('true');
  expect(run(['-p', "typeof require('sigprof').profile"])).toBe('function');
  expect(run(['--import', 'sigprof/register', '-p', '1 + 1'])).toBe('2');
});

test('The tarball holds what running needs and no sources of tests', () => {
  const installed = join(project, 'node_modules/sigprof');
  expect(existsSync(join(installed, 'dist/register.cjs'))).toBe(true);
  expect(existsSync(join(installed, 'prebuilds'))).toBe(true);
  expect(existsSync(join(installed, 'test'))).toBe(false);
});
