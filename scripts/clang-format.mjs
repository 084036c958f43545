// Formats the C++ sources with the pinned clang-format of the npm package: `--write` changes files,
// `--check` (default) names those that differ.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run, runMain, ScriptError } from './lib/run.mjs';

await runMain('clang-format', async () => {
  const binary = findBinary();
  const files = [];
  for (const folder of ['native', 'test/native']) {
    if (!existsSync(join(root, folder))) continue;
    const names = await readdir(join(root, folder), { recursive: true });
    files.push(...names.filter((name) => /\.(cc|h)$/.test(name)).map((name) => join(folder, name)));
  }
  files.sort();
  if (process.argv.includes('--write')) {
    const written = await run(binary, ['-i', ...files], { quiet: true });
    if (written.code !== 0) throw new ScriptError(written.output.trim());
    return 0;
  }
  const checks = await run(binary, ['--output-replacements-xml', ...files], { quiet: true });
  if (checks.code !== 0) throw new ScriptError(checks.output.trim());
  const differing = differingFiles(checks.output, files);
  for (const file of differing) console.error(`${file} is not formatted; run \`npm run format\`.`);
  return differing.length === 0 ? 0 : 1;
});

// The platform's binary itself: the package's own wrapper needs a shell's worth of dependencies.
function findBinary() {
  const binary = join(root, `node_modules/clang-format/bin/linux_${process.arch}/clang-format`);
  if (existsSync(binary)) return binary;
  if (process.arch === 'x64') {
    throw new ScriptError('clang-format is not installed; run `npm ci` first');
  }
  // The package has no build for other processors: the system's own is the next best.
  return 'clang-format';
}

// One XML document per file, in order; a document with a <replacement> tells of a difference.
function differingFiles(xml, files) {
  const documents = xml.split("<?xml version='1.0'?>").slice(1);
  return files.filter((_, index) => /<replacement /.test(documents[index] ?? ''));
}
