// The one list of what building and testing need of the system, by the command each package gives (or a file, where it is on no path).
// Installed by apt-get when missing and we may; else one line says what to install.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { run, ScriptError } from './run.mjs';

const PACKAGES = {
  'g++': { package: 'g++', why: 'compiles the addon' },
  make: { package: 'make', why: 'node-gyp and cmake-js drive the compiler with it' },
  python3: { package: 'python3', why: 'node-gyp is written in it' },
  cmake: { package: 'cmake', why: 'builds the native tests' },
  nm: { package: 'binutils', why: "reads the signal handler's undefined symbols" },
  xmllint: { package: 'libxml2-utils', why: 'checks that pictures are well-formed' },
  chromium: { package: 'chromium', why: 'pictures are tried out in it' },
  time: { package: 'time', why: 'tells what a program cost' },
  'flamegraph.pl': {
    package: 'libdevel-nytprof-perl',
    why: 'boxes are compared with its own',
    file: '/usr/share/perl5/Devel/NYTProf/flamegraph.pl',
  },
};

let updated = false;

/** Makes `command` available, or throws one line saying which package to install. */
export async function ensureTool(command) {
  const { package: name, why, file } = PACKAGES[command];
  const isThere = () => (file === undefined ? onPath(command) : existsSync(file));
  if (isThere()) return;
  const advice = `${command} is missing (it ${why}); install the package ${name}`;
  if (process.getuid() !== 0 || !onPath('apt-get')) throw new ScriptError(advice);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if (!updated) await run('apt-get', ['update'], { quiet: true, env });
  updated = true;
  console.log(`installing ${name}`);
  const args = ['install', '-y', '--no-install-recommends', name];
  const installed = await run('apt-get', args, { quiet: true, env });
  if (installed.code !== 0 || !isThere()) {
    throw new ScriptError(`${advice}; apt-get install failed (${lastLine(installed.output)})`);
  }
}

/** All of them, for a whole test run. */
export async function ensureAllTools() {
  for (const command of Object.keys(PACKAGES)) await ensureTool(command);
}

function onPath(command) {
  return (process.env.PATH ?? '').split(':').some((dir) => {
    const file = join(dir || '.', command);
    if (!existsSync(file)) return false;
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}
