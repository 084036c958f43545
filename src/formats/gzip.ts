import zlib from 'node:zlib';
import { invalid } from './invalid.ts';

/** A few kilobytes of gzip can stand for gigabytes; no honest profile is this large. */
export const LARGEST_INFLATED_BYTES: number = 2 ** 30;
const BYTES_PER_BLOCK = 1 << 20;
/** Magic, deflate, no flags, no time (equal profiles give equal bytes), no level, unknown system: RFC 1952. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** Whether bytes begin like gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 3 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * The content of a gzip file.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE when it is damaged, or larger than `limit`
 */
export function gunzip(bytes: Uint8Array, limit: number = LARGEST_INFLATED_BYTES): Uint8Array {
  try {
    return zlib.gunzipSync(bytes, { maxOutputLength: limit });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      const mebibytes = Math.round(limit / 2 ** 20);
      throw invalid(`its gzip data holds more than ${mebibytes} MiB, which is refused`, cause);
    }
    const reason = code === 'Z_BUF_ERROR' ? 'it is cut off' : message;
    throw invalid(`its gzip data can't be unpacked: ${reason}`, cause);
  }
}

/** Packs pieces as one gzip stream. Blocks are deflated one by one, so only one is in memory. */
export function* gzip(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield HEADER;
  let checksum = 0;
  let size = 0;
  for (const block of blocksOf(pieces)) {
    checksum = crc32(block, checksum);
    size += block.length;
    // A sync flush ends a block at a byte and leaves the stream open: what follows is appended to it.
    yield zlib.deflateRawSync(block, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  }
  yield zlib.deflateRawSync(new Uint8Array());
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, checksum, true);
  trailer.setUint32(4, size % 2 ** 32, true);
  yield new Uint8Array(trailer.buffer);
}

function* blocksOf(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let block: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    block.push(piece);
    bytes += piece.length;
    if (bytes < BYTES_PER_BLOCK) continue;
    yield Buffer.concat(block);
    block = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(block);
}

/** zlib has it from Node 20.15 on; the preload's converter runs on the program's own Node, from 18. */
const crc32: (bytes: Uint8Array, previous: number) => number = zlib.crc32 ?? tableCrc32;

function tableCrc32(bytes: Uint8Array, previous: number): number {
  let crc = ~previous;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
