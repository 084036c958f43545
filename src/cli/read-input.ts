import { readFileSync } from 'node:fs';
import { Profile, type ReadOptions } from '../profile.ts';
import { SigprofError } from '../session/errors.ts';
import { report } from './reporter.ts';

const STDIN = 0;

/** Reads a profile in any known format; "-" is stdin. Says what it could not use. @throws SigprofError */
export function readInput(path: string, options: ReadOptions = {}): Profile {
  return decode(path, options, (bytes) => Profile.read(bytes, { ...options, fileName: path }));
}

/** As {@link readInput}; folded stacks with two counts a line give the older side as well. */
export function readPicture(
  path: string,
  options: ReadOptions,
): { readonly profile: Profile; readonly base?: Profile } {
  let base: Profile | undefined;
  const profile = decode(path, options, (bytes) => {
    const pair = Profile.readPair(bytes, options);
    base = pair?.base;
    return pair?.next ?? Profile.read(bytes, { ...options, fileName: path });
  });
  return base ? { profile, base } : { profile };
}

function decode(path: string, options: ReadOptions, read: (bytes: Uint8Array) => Profile): Profile {
  const name = path === '-' ? 'stdin' : `'${path}'`;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path === '-' ? STDIN : path);
  } catch (cause) {
    const message = `cannot read ${name}: ${reasonOf(cause)}`;
    throw new SigprofError('ERR_SIGPROF_INVALID_PROFILE', message, { cause });
  }
  try {
    const profile = read(bytes);
    for (const warning of profile.warnings) report(`warning: ${name}: ${warning}`);
    return profile;
  } catch (error) {
    if (!(error instanceof SigprofError)) throw error;
    const isOneLine = /\bline \d+: /.test(error.message) && options.lenient !== true;
    const remedy = isOneLine ? '; --lenient skips such lines' : '';
    throw new SigprofError(error.code, `${name}: ${error.message}${remedy}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'no permission',
    EISDIR: 'it is a folder; name a file in it',
  };
  return reasons[code ?? ''] ?? message;
}
