import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SigprofError } from '../model/errors.ts';

const OWNER_ONLY = 0o600;
const BATCH_BYTES = 1 << 20;

/**
 * Writes a file that is there whole or not at all: under a temporary name in the same folder, then renamed. Links are
 * replaced, not followed. Devices and pipes can't be replaced and are written to.
 * @throws SigprofError ERR_SIGPROF_OUTPUT
 */
export async function writeFileAtomically(
  path: string,
  chunks: Iterable<string | Uint8Array>,
): Promise<void> {
  try {
    if (await isDeviceOrPipe(path)) {
      await writeNew(path, constants.O_WRONLY, chunks);
      return;
    }
    await replaceFile(path, chunks);
  } catch (cause) {
    if (cause instanceof SigprofError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SigprofError('ERR_SIGPROF_OUTPUT', `can't write ${path}: ${reason}`, { cause });
  }
}

async function replaceFile(path: string, chunks: Iterable<string | Uint8Array>): Promise<void> {
  const suffix = randomBytes(6).toString('hex');
  // Long names must leave room for the suffix: 255 bytes is the most a name may have.
  const temporary = join(dirname(path), `.${basename(path).slice(0, 60)}.${suffix}.tmp`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  let isCreated = false;
  try {
    await writeNew(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, chunks, () => {
      isCreated = true;
    });
    await rename(temporary, path);
  } catch (error) {
    if (isCreated) await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** Whoever may replace `/dev/null` must not do so; what is behind /dev and /proc is not ours to rename over. */
async function isDeviceOrPipe(path: string): Promise<boolean> {
  if (/^\/(?:dev|proc)\//.test(resolve(path))) return true;
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

async function writeNew(
  path: string,
  flags: number,
  chunks: Iterable<string | Uint8Array>,
  onOpen: () => void = () => undefined,
): Promise<void> {
  const file = await open(path, flags, OWNER_ONLY);
  try {
    onOpen();
    await writeChunks(file, chunks);
  } finally {
    await file.close();
  }
}

async function writeChunks(file: FileHandle, chunks: Iterable<string | Uint8Array>): Promise<void> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  const flush = async () => {
    if (bytes > 0) await file.writeFile(Buffer.concat(batch));
    batch = [];
    bytes = 0;
  };
  for (const chunk of chunks) {
    const encoded = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    batch.push(encoded);
    bytes += encoded.length;
    if (bytes >= BATCH_BYTES) await flush();
  }
  await flush();
}
