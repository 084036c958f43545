// Where Node's headers are on this machine. node-gyp and cmake-js would download them from a host
// that is no package registry; this finds a folder they can use instead.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fetchNode } from '../fetch-nodes.mjs';

const HEADER_VERSION = '18.20.8'; // the oldest Node sampled; Node-API 8 is all the addon uses

/** A folder with include/node/node_api.h: npm's `nodedir`, the running Node's prefix, or a fetched one. */
export async function findNodeDir() {
  const candidates = [process.env.npm_config_nodedir, dirname(dirname(process.execPath))];
  for (const dir of candidates) {
    if (dir && hasHeaders(dir)) return dir;
  }
  return fetchNode(HEADER_VERSION);
}

function hasHeaders(dir) {
  return ['node_api.h', 'node.h', 'common.gypi'].every((name) =>
    existsSync(join(dir, 'include/node', name)),
  );
}
