import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { SigprofError } from '../session/errors.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Writes a result to a file, whole or not at all, readable by its owner only; or to stdout.
 * @throws SigprofError ERR_SIGPROF_OUTPUT
 */
export function writeOutput(path: string | undefined, content: string | Uint8Array): void {
  if (path === undefined) {
    process.stdout.write(content);
    return;
  }
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset);
      // Some file systems report a full disk only here.
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new SigprofError('ERR_SIGPROF_OUTPUT', `cannot write '${path}': ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return 'no space left; free some or choose another place';
  if (code === 'EACCES' || code === 'EPERM') return 'no permission; choose another place';
  if (code === 'EROFS') return 'the file system is read-only; choose another place';
  return message;
}
