// Compiles src/ to dist/, removes what no source stands for any more, makes the command executable.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { root, runMain, runNode, ScriptError } from './lib/run.mjs';

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const dist = join(root, 'dist');
const PAGES = ['svg', 'html'];

await runMain('build-ts', async () => {
  if (!existsSync(tsc)) throw new ScriptError('TypeScript is not installed; run `npm ci` first');
  const compiled = await runNode(tsc, ['-p', join(root, 'tsconfig.json')]);
  if (compiled.code !== 0) throw new ScriptError('src/ does not compile, see above');
  const checked = await runNode(tsc, ['-p', join(root, 'tsconfig.page.json')]);
  if (checked.code !== 0) throw new ScriptError('src/flamegraph/page does not compile, see above');
  await removeStale();
  await bundlePages();
  const main = join(dist, 'cli', 'main.js');
  if (existsSync(main)) await chmod(main, 0o755);
});

// What runs in the browser becomes one script for each kind of picture; the writers put it into their files.
async function bundlePages() {
  const { build } = await import('rolldown');
  for (const name of PAGES) {
    const { output } = await build({
      input: join(root, 'src/flamegraph/page', `${name}.ts`),
      output: { format: 'iife', minify: true },
      logLevel: 'warn',
      write: false,
    });
    // Two ends of sections: the first would end a CDATA section, the second a script element.
    const text = output[0].code.replaceAll(']]>', ']] >');
    if (/<\/script|<!--/i.test(text))
      throw new ScriptError(`the script ${name} would end its element`);
    await mkdir(join(dist, 'flamegraph/page'), { recursive: true });
    await writeFile(join(dist, 'flamegraph/page', `${name}.js`), text);
  }
}

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
