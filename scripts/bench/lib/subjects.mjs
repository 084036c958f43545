// What the benchmarks run beside the package itself, fetched and built into .cache/bench at first
// use: peers and large libraries from the registry, the control addon from its source.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNodeDir } from '../../lib/node-headers.mjs';
import { root, run, ScriptError } from '../../lib/run.mjs';
import { ensureTool } from '../../lib/system-packages.mjs';

export const workshop = join(root, '.cache', 'bench');

const PACKAGES = { typescript: '5.9.3', '@datadog/pprof': '5.20.0' };

/** Path of an installed package's folder, or null where the registry does not give it. */
export async function packageFolder(name) {
  const folder = join(workshop, 'node_modules', name);
  const done = join(workshop, `${name.replace('/', '+')}-${PACKAGES[name]}`);
  if (existsSync(done)) return folder;
  mkdirSync(workshop, { recursive: true });
  writeFileSync(join(workshop, 'package.json'), '{ "private": true }\n');
  // All at once: npm removes what it is not told to keep.
  const wanted = Object.entries(PACKAGES).map(([key, version]) => `${key}@${version}`);
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-bin-links'];
  flags.push('--no-audit', '--no-fund');
  const installed = await run('npm', ['install', ...flags, ...wanted], {
    cwd: workshop,
    quiet: true,
  });
  if (installed.code !== 0 || !existsSync(folder)) return null;
  writeFileSync(done, '');
  return folder;
}

/** Path of the control addon (../control/control.c). */
export async function controlAddon() {
  const source = join(root, 'scripts/bench/control/control.c');
  const target = join(workshop, 'control.node');
  if (existsSync(target) && statSync(target).mtimeMs > statSync(source).mtimeMs) return target;
  await ensureTool('g++');
  mkdirSync(workshop, { recursive: true });
  const headers = join(await findNodeDir(), 'include', 'node');
  const args = ['-x', 'c', '-O2', '-shared', '-fPIC', '-DNAPI_VERSION=8', `-I${headers}`];
  const built = await run('gcc', [...args, source, '-o', target], { quiet: true });
  if (built.code !== 0) {
    process.stderr.write(built.output);
    throw new ScriptError('the control addon of the benchmarks does not build, see above');
  }
  return target;
}
