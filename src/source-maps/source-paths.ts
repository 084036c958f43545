import { isAbsolute, resolve } from 'node:path';

/** Bundlers' own URLs of a project's files: `webpack://name/./src/a.ts?1a2b`, `turbopack:///[project]/src/a.ts`. */
const BUNDLER_URL = /^(?:webpack|turbopack):\/\/[^/]*\/(?:\[project\]\/)?(?:\.\/)?([^?#]+)/;

/**
 * What a source is called, given the folder of the map that names it: an absolute path where it is a file, relative to the
 * project's folder where a bundler says so, else the URL as it is.
 */
export function sourcePath(source: string, folder: string): string {
  const bundled = BUNDLER_URL.exec(source)?.[1];
  if (bundled !== undefined) return bundled;
  if (/^[a-z][a-z0-9+.-]+:/i.test(source) || isAbsolute(source)) return source;
  return resolve(folder, source);
}
