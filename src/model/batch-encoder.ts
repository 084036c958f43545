// Writes the batch encoding (docs/batch-format.md).

import { BATCH_MAGIC, ChunkType } from './batch-layout.ts';
import type { Column, ProfileData } from './profile-data.ts';
import { sumSamples } from './profile-data.ts';

const STRING_BYTES_PER_CHUNK = 1 << 20;
const THREAD_KINDS: Readonly<Record<string, number>> = { main: 0, worker: 1, native: 2 };

/** Encodes a profile as a recording, piece by piece. */
export function* encodeBatch(profile: ProfileData): Generator<Uint8Array> {
  const { meta, counters, functions, frames, stacks, threads, samples } = profile;
  yield BATCH_MAGIC;
  yield* jsonChunk(ChunkType.meta, meta);
  const strings = profile.strings.slice();
  const threadNames = threads.map((thread) => strings.push(thread.name) - 1);
  yield* stringChunks(strings);
  yield* tableChunk(ChunkType.functions, 0, functions.length, [
    uint32s(functions.name, 0),
    uint32s(functions.script, 0),
    Int32Array.from(functions.line),
    Int32Array.from(functions.column),
    uint32s(functions.kind, 0),
  ]);
  yield* tableChunk(ChunkType.frames, 0, frames.length, [
    uint32s(frames.function, 0),
    uint32s(frames.line, 0),
    uint32s(frames.column, 0),
    uint32s(frames.flags, 0),
  ]);
  yield* tableChunk(ChunkType.stacks, 1, stacks.length - 1, [
    uint32s(stacks.parent, 1),
    uint32s(stacks.frame, 1),
  ]);
  yield* tableChunk(ChunkType.threads, 0, threads.length, [
    Uint32Array.from(threads, (_, id) => id),
    Uint32Array.from(threads, (thread) => thread.tid),
    Uint32Array.from(threads, (thread) => THREAD_KINDS[thread.kind] ?? 0),
    Uint32Array.from(threadNames),
  ]);
  yield* tableChunk(ChunkType.samples, 0, samples.length, [
    uint64s(samples.timeNs),
    uint64s(samples.weight),
    uint32s(samples.thread, 0),
    uint32s(samples.stack, 0),
    uint32s(samples.ticks, 0),
    uint32s(samples.flags, 0),
  ]);
  yield* jsonChunk(ChunkType.counters, { ...counters, samples: sumSamples(samples).samples });
}

type Words = Uint32Array | Int32Array;

function uint32s(column: Column, from: number): Uint32Array {
  const all = Uint32Array.from(column);
  return from === 0 ? all : all.subarray(from);
}

function uint64s(column: Column): Uint32Array {
  const halves = new Uint32Array(column.length * 2);
  for (let row = 0; row < column.length; row++) {
    const value = column[row] as number;
    halves[row * 2] = value % 2 ** 32;
    halves[row * 2 + 1] = Math.floor(value / 2 ** 32);
  }
  return halves;
}

function* tableChunk(
  type: number,
  first: number,
  count: number,
  columns: readonly Words[],
): Generator<Uint8Array> {
  if (count <= 0) return;
  const size = columns.reduce((sum, column) => sum + column.byteLength, 8);
  yield bytesOf(Uint32Array.of(type, size, count, first));
  for (const column of columns) yield bytesOf(column);
  yield padding(size);
}

function* stringChunks(strings: readonly string[]): Generator<Uint8Array> {
  const utf8 = new TextEncoder();
  let first = 1;
  while (first < strings.length) {
    const encoded: Uint8Array[] = [];
    let bytes = 0;
    while (first + encoded.length < strings.length && bytes < STRING_BYTES_PER_CHUNK) {
      const next = utf8.encode(strings[first + encoded.length] as string);
      encoded.push(next);
      bytes += next.length;
    }
    const size = 8 + 4 * encoded.length + bytes;
    yield bytesOf(Uint32Array.of(ChunkType.strings, size, encoded.length, first));
    yield bytesOf(Uint32Array.from(encoded, (text) => text.length));
    yield* encoded;
    yield padding(size);
    first += encoded.length;
  }
}

function* jsonChunk(type: number, value: object): Generator<Uint8Array> {
  const payload = new TextEncoder().encode(JSON.stringify(value));
  yield bytesOf(Uint32Array.of(type, payload.length));
  yield payload;
  yield padding(payload.length);
}

function padding(size: number): Uint8Array {
  return new Uint8Array((8 - (size % 8)) % 8);
}

function bytesOf(words: Words): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
