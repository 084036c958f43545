// The one list of native source files, read by binding.gyp (addon) and CMakeLists.txt (tests).
// `node scripts/native-sources.mjs [core]`: with "core", everything but the Node-API layer.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const layers = ['os', 'v8', 'unwinder', 'resolver', 'sampler', 'remote'];
if (process.argv[2] !== 'core') layers.push('addon');

for (const layer of layers) {
  const folder = join(root, 'native', layer);
  if (!existsSync(folder)) continue; // a layer without files yet: git keeps no empty folder
  const files = readdirSync(folder).filter((name) => name.endsWith('.cc'));
  for (const file of files.sort()) console.log(`native/${layer}/${file}`);
}
