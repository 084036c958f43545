import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cutLongText } from './text.ts';

const DATA_URL_CHARACTERS = 32;
const LONGEST_PATH = 512;

/** How paths of scripts are shortened. */
export interface PathOptions {
  /** The profiled program's working directory; paths below it are shown relative to it. */
  readonly cwd?: string | undefined;
  /** Show whole paths. @default false */
  readonly fullFilenames?: boolean | undefined;
}

/** A script's name as people read it: a path, shortened where that loses nothing. */
export function readablePath(script: string, options: PathOptions = {}): string {
  if (script.startsWith('data:')) {
    if (script.length <= DATA_URL_CHARACTERS) return script;
    return `${script.slice(0, DATA_URL_CHARACTERS)}…`;
  }
  const path = localPath(script);
  if (options.fullFilenames === true || !path.startsWith('/'))
    return cutLongText(path, LONGEST_PATH);
  return cutLongText(fromPackages(belowCwd(path, options.cwd)), LONGEST_PATH);
}

/** `file:` URLs become paths; other URLs lose query and fragment, which tell versions of one file apart and nothing else. */
function localPath(script: string): string {
  if (script.startsWith('file://')) {
    try {
      return fileURLToPath(withoutQuery(script));
    } catch {
      return script; // a host part or a bad escape: nothing better to show than what was given
    }
  }
  return /^https?:/.test(script) ? withoutQuery(script) : script;
}

/**
 * The file a script was read from; undefined for `node:fs`, `[eval]`, `evalmachine.<anonymous>`, URLs and their like.
 * @param cwd the profiled program's working directory, for relative names
 */
export function scriptFile(script: string, cwd: string | undefined): string | undefined {
  if (script.startsWith('file:')) {
    try {
      return fileURLToPath(withoutQuery(script));
    } catch {
      return undefined;
    }
  }
  if (script === '' || script.startsWith('[') || /^[a-z][a-z0-9+.-]+:/i.test(script))
    return undefined;
  if (isAbsolute(script)) return script;
  return cwd === undefined ? undefined : resolve(cwd, script);
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function belowCwd(path: string, cwd: string | undefined): string {
  if (cwd === undefined || cwd === '' || cwd === '/') return path;
  const prefix = cwd.endsWith('/') ? cwd : `${cwd}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

/** Packages are known by their names, not by where a tree of them happens to stand. */
function fromPackages(path: string): string {
  const marker = 'node_modules/';
  let start = path.indexOf(marker);
  let last = -1;
  while (start >= 0) {
    const isWholeSegment = start === 0 || path[start - 1] === '/';
    if (isWholeSegment) {
      last = start;
      // Package managers' stores (`.pnpm`, `.store`) hold the package in a node_modules of its own further down.
      if (path[start + marker.length] !== '.') return path.slice(start);
    }
    start = path.indexOf(marker, start + marker.length);
  }
  return last >= 0 ? path.slice(last) : path;
}
