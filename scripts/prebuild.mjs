// Builds the addon for shipping: prebuilds/<platform>-<arch>/sigprof.<libc>.node, one Node-API binary
// for all Node versions.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findNodeDir } from './lib/node-headers.mjs';
import { root, runMain, runNode, ScriptError } from './lib/run.mjs';

const prebuildify = join(root, 'node_modules/prebuildify/bin.js');

await runMain('prebuild', async () => {
  if (!existsSync(prebuildify)) {
    throw new ScriptError('prebuildify is not installed; run `npm ci` first');
  }
  const nodeDir = await findNodeDir();
  const built = await runNode(prebuildify, ['--napi', '--strip', '--tag-libc'], {
    env: { npm_config_nodedir: nodeDir },
  });
  if (built.code !== 0) throw new ScriptError('prebuildify failed, see above');
});
