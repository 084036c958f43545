// Builds the addon to build/Release/sigprof.node with node-gyp, without downloading headers.
// The compiler's output is shown only when the build fails; `--verbose` shows it always.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findNodeDir } from './lib/node-headers.mjs';
import { root, runMain, runNode, ScriptError } from './lib/run.mjs';

const nodeGyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js');

await runMain('build-native', async () => {
  if (!existsSync(nodeGyp)) throw new ScriptError('node-gyp is not installed; run `npm ci` first');
  const nodeDir = await findNodeDir();
  const verbose = process.argv.includes('--verbose');
  const args = ['configure', 'build', '--release', `--nodedir=${nodeDir}`];
  args.push(`--jobs=${Math.min(availableParallelism(), 8)}`);
  const built = await runNode(nodeGyp, args, {
    quiet: !verbose,
    // Also as environment: node-gyp started by npm reads settings from there first.
    env: { npm_config_nodedir: nodeDir },
  });
  if (built.code !== 0) {
    if (!verbose) process.stderr.write(built.output);
    throw new ScriptError(`the addon does not build (exit code ${built.code}), see above`);
  }
  for (const line of built.output.split('\n')) {
    if (/\bwarning:/.test(line)) console.error(line);
  }
  console.log('built build/Release/sigprof.node');
});
