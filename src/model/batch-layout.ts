// Numbers of the batch encoding, see docs/batch-format.md.

/** `SIGPROF` and the version of the format. */
export const BATCH_MAGIC: Uint8Array = new Uint8Array([
  0x53, 0x49, 0x47, 0x50, 0x52, 0x4f, 0x46, 1,
]);

/** Types of chunks. */
export const ChunkType = {
  meta: 1,
  strings: 2,
  functions: 3,
  frames: 4,
  stacks: 5,
  threads: 6,
  samples: 7,
  counters: 8,
} as const;

/** Whether bytes begin like a batch file of any version. */
export function isBatch(bytes: Uint8Array): boolean {
  return bytes.length >= 7 && BATCH_MAGIC.subarray(0, 7).every((byte, i) => bytes[i] === byte);
}
