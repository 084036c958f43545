// Compiles src/ to dist/, removes what no source stands for any more, makes the command executable.
import { existsSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { root, runMain, runNode, ScriptError } from './lib/run.mjs';

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const dist = join(root, 'dist');

await runMain('build-ts', async () => {
  if (!existsSync(tsc)) throw new ScriptError('TypeScript is not installed; run `npm ci` first');
  const compiled = await runNode(tsc, ['-p', join(root, 'tsconfig.json')]);
  if (compiled.code !== 0) throw new ScriptError('src/ does not compile, see above');
  await removeStale();
  const main = join(dist, 'cli', 'main.js');
  if (existsSync(main)) await chmod(main, 0o755);
});

async function removeStale() {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath ?? entry.path, entry.name);
    const source = sourceOf(relative(dist, file));
    if (source === null || !existsSync(join(root, 'src', source))) await rm(file);
  }
}

// 'cli/main.d.ts' -> 'cli/main.ts', 'register.cjs.map' -> 'register.cts'; null: not made by tsc.
function sourceOf(path) {
  const match = /^(.*?)(?:\.d)?\.([cm]?)[jt]s(?:\.map)?$/.exec(path);
  return match && `${match[1]}.${match[2]}ts`;
}
