import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';

/** An open file, read in pieces. */
export interface RegularFile {
  readonly stats: Stats;
  /** The bytes from `start` to `end`, fewer when the file became shorter. */
  read(start: number, end: number): Buffer;
}

/**
 * Opens a file that a profile or a source map names, and closes it after `use`. Those may name anything: a pipe would be
 * waited for without end, and opening a device can do things. So regular files only.
 * @returns undefined when there is no such file, or when it can't be read
 */
export function useRegularFile<T>(path: string, use: (file: RegularFile) => T): T | undefined {
  let fd: number | undefined;
  try {
    if (!statSync(path).isFile()) return undefined;
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stats = fstatSync(fd);
    if (!stats.isFile()) return undefined;
    return use({ stats, read: (start, end) => readRange(fd as number, start, end) });
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readRange(fd: number, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(fd, bytes, done, bytes.length - done, start + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
