// Whether node_modules holds what package-lock.json asks for, and making it so.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, ScriptError } from './run.mjs';

/** Installs the dependencies unless they are there; true when it had to. */
export async function ensureInstalled() {
  if (isInstalled()) return false;
  // No scripts: the addon is built by our own, and nothing else needs any.
  const clean = await run('npm', ['ci', '--ignore-scripts'], { quiet: true });
  if (clean.code === 0) return true;
  // `npm ci` refuses a lock file without the optional packages of other platforms, which is what npm
  // writes where the registry lacks some of them. `npm install` takes the same versions and goes on.
  console.log('`npm ci` refuses the lock file; installing from it with `npm install --no-save`');
  const args = ['install', '--no-save', '--ignore-scripts'];
  const installed = await run('npm', args, { quiet: true });
  if (installed.code !== 0 || !isInstalled()) {
    process.stderr.write(clean.output + installed.output);
    throw new ScriptError('neither `npm ci` nor `npm install` gave what the lock file asks for');
  }
  return true;
}

// npm writes its own copy of the lock file as the last step of an installation. Packages for other
// platforms are optional and missing from it.
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const present = readPackages('node_modules/.package-lock.json');
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    return present[path] ? present[path].version === version : optional === true;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return {};
  }
}
