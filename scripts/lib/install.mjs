// Whether node_modules holds what package-lock.json asks for, and making it so.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, ScriptError } from './run.mjs';

/** Installs the dependencies unless they are there; true when it had to. */
export async function ensureInstalled() {
  if (isInstalled()) return false;
  // No scripts: the addon is built by our own, and nothing else needs any.
  const installed = await run('npm', ['ci', '--ignore-scripts'], { quiet: true });
  if (installed.code !== 0) {
    process.stderr.write(installed.output);
    throw new ScriptError('`npm ci` failed, see above');
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
