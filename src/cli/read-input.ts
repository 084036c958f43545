import { readFileSync } from 'node:fs';
import { Profile, type ReadOptions } from '../profile.ts';
import { SigprofError } from '../session/errors.ts';
import { report } from './reporter.ts';

const STDIN = 0;

/** Reads a profile in any known format; "-" is stdin. Says what it could not use. @throws SigprofError */
export function readInput(path: string, options: ReadOptions = {}): Profile {
  const name = path === '-' ? 'stdin' : `'${path}'`;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path === '-' ? STDIN : path);
  } catch (error) {
    throw new SigprofError(
      'ERR_SIGPROF_INVALID_PROFILE',
      `cannot read ${name}: ${reasonOf(error)}`,
      {
        cause: error,
      },
    );
  }
  try {
    const profile = Profile.read(bytes, { ...options, fileName: path });
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
