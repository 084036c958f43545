// The rows of the benchmark: every file of ../rows exports one. What a row is stands in CONTRIBUTING.md.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, ScriptError } from '../../lib/run.mjs';

const folder = join(root, 'scripts/bench/rows');

/** Every row, or those named, by the order of their files. */
export async function loadRows(names = []) {
  const rows = [];
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .sort()) {
    const { row } = await import(pathToFileURL(join(folder, file)).href);
    if (row?.name !== file.slice(0, -'.mjs'.length)) {
      throw new ScriptError(`rows/${file} must export a row of its own name`);
    }
    rows.push(row);
  }
  const unknown = names.find((name) => !rows.some((row) => row.name === name));
  if (unknown !== undefined) {
    const known = rows.map((row) => row.name).join(', ');
    throw new ScriptError(`no row '${unknown}'; there are ${known}`);
  }
  return names.length === 0 ? rows : rows.filter((row) => names.includes(row.name));
}
