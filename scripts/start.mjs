// What `npm start` runs: everything from a fresh clone to a first flame graph. It installs, builds,
// then profiles a real program: the TypeScript compiler while it checks the sources of RxJS.
// Leaves flame.svg and profile.collapsed in the current folder. Node builtins only.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './lib/install.mjs';
import { root, run, runMain, runNode, ScriptError } from './lib/run.mjs';

const SUBJECTS = { typescript: '5.9.3', rxjs: '7.8.2' };
const RATE_HZ = 1000;
const workshop = join(root, '.cache', 'start');
const cli = join(root, 'dist', 'cli', 'main.js');

await runMain('start', async () => {
  checkNode();
  console.log('installing and building');
  await ensureInstalled();
  await script('build-ts.mjs');
  await script('build-native.mjs');
  await fetchSubjects();
  await profileCompiler();
});

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new ScriptError(`Node 20.19 or later is needed, this is ${process.version}`);
  }
}

async function fetchSubjects() {
  const isFetched = Object.entries(SUBJECTS).every(([name, version]) =>
    existsSync(join(workshop, `${name}-${version}`)),
  );
  if (isFetched) return;
  mkdirSync(workshop, { recursive: true });
  writeFileSync(join(workshop, 'package.json'), '{ "private": true }\n');
  const packages = Object.entries(SUBJECTS).map(([name, version]) => `${name}@${version}`);
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-bin-links'];
  flags.push('--no-audit', '--no-fund');
  console.log(`fetching ${packages.join(' and ')}`);
  const { code, output } = await run('npm', ['install', ...flags, ...packages], {
    cwd: workshop,
    quiet: true,
  });
  if (code !== 0) {
    process.stderr.write(output);
    throw new ScriptError(`npm install failed (exit code ${code}), see above`);
  }
  for (const [name, version] of Object.entries(SUBJECTS)) {
    writeFileSync(join(workshop, `${name}-${version}`), '');
  }
}

async function profileCompiler() {
  const compilerOptions = {
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2022', 'dom'],
    types: [],
    strict: true,
    noEmit: true,
  };
  // `exclude` is empty because node_modules is excluded by default.
  const project = { compilerOptions, include: ['node_modules/rxjs/src/**/*.ts'], exclude: [] };
  writeFileSync(join(workshop, 'tsconfig.json'), JSON.stringify(project));
  const recording = join(workshop, 'profile.sigprof');
  const compiler = join('node_modules', 'typescript', 'lib', 'tsc.js');
  console.log(`profiling: tsc ${SUBJECTS.typescript} checks RxJS ${SUBJECTS.rxjs}`);
  await sigprof(
    ['record', '-r', String(RATE_HZ), '-o', recording, '--', process.execPath, compiler, '-p', '.'],
    workshop,
  );
  await sigprof(['convert', recording, '-o', 'profile.collapsed']);
  await sigprof(['flamegraph', recording, '-o', 'flame.svg', '--title', 'tsc checks RxJS']);
  console.log('\nThe ten hottest functions:\n');
  await sigprof(['report', recording, '--limit', '10']);
  console.log(
    '\nThe picture is flame.svg: open it in a browser. The folded stacks are profile.collapsed.',
  );
}

async function sigprof(args, cwd = process.cwd()) {
  const { code } = await runNode(cli, args, { cwd });
  if (code !== 0)
    throw new ScriptError(`'sigprof ${args[0]}' failed (exit code ${code}), see above`);
}

async function script(name) {
  const { code } = await runNode(join(root, 'scripts', name));
  if (code !== 0) throw new ScriptError(`scripts/${name} failed, see above`);
}
