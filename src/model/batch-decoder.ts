// Reads the batch encoding (docs/batch-format.md). It lives beside the tables because it is their stored form: both the
// addon's caller (src/native) and the `.sigprof` file format (src/formats) need it and neither may import the other.

import { BATCH_MAGIC, ChunkType, isBatch } from './batch-layout.ts';
import { parseCounters, parseMeta } from './batch-metadata.ts';
import { SigprofError } from './errors.ts';
import {
  finishTable,
  float64Column,
  int32Column,
  uint8Column,
  uint32Column,
} from './growable-column.ts';
import type { ProfileCounters, ProfileData, ProfileMeta, Thread } from './profile-data.ts';

const THREAD_KINDS = ['main', 'worker', 'native'] as const;
const LAST_FUNCTION_KIND = 7;

/**
 * Decodes a whole recording. A torn last chunk is dropped and told in the profile's warnings.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE when the bytes are no recording or contradict themselves
 */
export function decodeBatch(source: ArrayBuffer | Uint8Array): ProfileData {
  const bytes = aligned(source);
  if (!isBatch(bytes)) throw invalid('not a sigprof recording: its first bytes are not SIGPROF');
  const version = bytes[7];
  if (bytes.length < 8) throw invalid('the recording ends within its first 8 bytes');
  if (version !== BATCH_MAGIC[7]) {
    throw invalid(`format version ${version} is not known; a newer sigprof may read it`);
  }
  const decoder = new BatchDecoder(bytes);
  let offset = 8;
  while (offset < bytes.length) {
    const remaining = bytes.length - offset;
    const size = remaining >= 8 ? decoder.uint32(offset + 4) : Number.POSITIVE_INFINITY;
    if (size > remaining - 8) {
      decoder.warnings.push(`the last chunk is torn: ${remaining} bytes at ${offset} dropped`);
      break;
    }
    decoder.readChunk(decoder.uint32(offset), offset + 8, size);
    offset += 8 + Math.ceil(size / 8) * 8;
  }
  return decoder.finish();
}

/** Column views need their start at a multiple of 8; small Buffers stand anywhere in their pool. */
function aligned(source: ArrayBuffer | Uint8Array): Uint8Array {
  if (source instanceof Uint8Array) return source.byteOffset % 8 === 0 ? source : source.slice();
  return new Uint8Array(source);
}

class BatchDecoder {
  readonly warnings: string[] = [];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #strings: string[] = [''];
  readonly #functions = {
    name: uint32Column(),
    script: uint32Column(),
    line: int32Column(),
    column: int32Column(),
    kind: uint8Column(),
  };
  readonly #frames = {
    function: uint32Column(),
    line: uint32Column(),
    column: uint32Column(),
    flags: uint32Column(),
  };
  readonly #stacks = { parent: uint32Column(), frame: uint32Column() };
  readonly #threads = new Map<number, Thread>();
  readonly #samples = {
    timeNs: float64Column(),
    weight: float64Column(),
    thread: uint32Column(),
    stack: uint32Column(),
    ticks: uint32Column(),
    flags: uint32Column(),
  };
  #meta: ProfileMeta | undefined;
  #counters: ProfileCounters = { lost: {} };

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#stacks.parent.push(0);
    this.#stacks.frame.push(0);
  }

  uint32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  readChunk(type: number, start: number, size: number): void {
    switch (type) {
      case ChunkType.meta:
        this.#meta = parseMeta(this.#json('META', start, size));
        break;
      case ChunkType.counters:
        this.#counters = parseCounters(this.#json('COUNTERS', start, size));
        break;
      case ChunkType.strings:
        this.#readStrings(new Rows(this.#bytes, 'STRINGS', start, size), this.#strings.length);
        break;
      case ChunkType.functions:
        this.#readFunctions(new Rows(this.#bytes, 'FUNCTIONS', start, size));
        break;
      case ChunkType.frames:
        this.#readFrames(new Rows(this.#bytes, 'FRAMES', start, size));
        break;
      case ChunkType.stacks:
        this.#readStacks(new Rows(this.#bytes, 'STACKS', start, size));
        break;
      case ChunkType.threads:
        this.#readThreads(new Rows(this.#bytes, 'THREADS', start, size));
        break;
      case ChunkType.samples:
        this.#readSamples(new Rows(this.#bytes, 'SAMPLES', start, size));
        break;
      default: // from a newer writer; the format promises that it can be done without
    }
  }

  finish(): ProfileData {
    if (!this.#meta) this.warnings.push('the recording has no metadata');
    const threadIds = [...this.#threads.keys()].sort((a, b) => a - b);
    const indexOfThread = new Map(threadIds.map((id, index) => [id, index]));
    const thread = this.#samples.thread.toArray();
    thread.forEach((id, row) => {
      const index = indexOfThread.get(id);
      if (index === undefined)
        throw invalid(`sample ${row} is of thread ${id}, which is nowhere described`);
      thread[row] = index;
    });
    return {
      meta: this.#meta ?? { unit: 'nanoseconds', mode: 'cpu' },
      counters: this.#counters,
      strings: this.#strings,
      functions: finishTable(this.#functions),
      frames: finishTable(this.#frames),
      stacks: finishTable(this.#stacks),
      threads: threadIds.map((id) => this.#threads.get(id) as Thread),
      samples: { ...finishTable(this.#samples), thread },
      warnings: this.warnings,
    };
  }

  #json(name: string, start: number, size: number): Readonly<Record<string, unknown>> {
    let value: unknown;
    try {
      value = JSON.parse(this.#utf8.decode(this.#bytes.subarray(start, start + size)));
    } catch (cause) {
      throw invalid(`the ${name} chunk at ${start - 8} is no JSON`, cause);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalid(`the ${name} chunk at ${start - 8} is no JSON object`);
    }
    return value as Readonly<Record<string, unknown>>;
  }

  #readStrings(rows: Rows, next: number): void {
    rows.expectFirst(next);
    const lengths = rows.uint32s();
    let at = rows.position;
    for (const length of lengths) {
      if (at + length > rows.end)
        throw invalid(`a string reaches beyond ${rows.name} at ${rows.at}`);
      this.#strings.push(this.#utf8.decode(this.#bytes.subarray(at, at + length)));
      at += length;
    }
  }

  #readFunctions(rows: Rows): void {
    rows.expectFirst(this.#functions.name.length);
    this.#functions.name.append(rows.ids('string', this.#strings.length));
    this.#functions.script.append(rows.ids('string', this.#strings.length));
    this.#functions.line.append(rows.int32s());
    this.#functions.column.append(rows.int32s());
    this.#functions.kind.append(rows.ids('kind', LAST_FUNCTION_KIND + 1));
  }

  #readFrames(rows: Rows): void {
    rows.expectFirst(this.#frames.function.length);
    this.#frames.function.append(rows.ids('function', this.#functions.name.length));
    this.#frames.line.append(rows.uint32s());
    this.#frames.column.append(rows.uint32s());
    this.#frames.flags.append(rows.uint32s());
  }

  #readStacks(rows: Rows): void {
    const first = this.#stacks.parent.length;
    rows.expectFirst(first);
    const parents = rows.uint32s();
    parents.forEach((parent, row) => {
      if (parent >= first + row)
        throw invalid(`stack ${first + row} has the later stack ${parent} as parent`);
    });
    this.#stacks.parent.append(parents);
    this.#stacks.frame.append(rows.ids('frame', this.#frames.function.length));
  }

  #readThreads(rows: Rows): void {
    const ids = rows.uint32s();
    const tids = rows.uint32s();
    const kinds = rows.ids('kind', THREAD_KINDS.length);
    const names = rows.ids('string', this.#strings.length);
    ids.forEach((id, row) => {
      this.#threads.set(id, {
        tid: tids[row] as number,
        kind: THREAD_KINDS[kinds[row] as number] as Thread['kind'],
        name: this.#strings[names[row] as number] as string,
      });
    });
  }

  #readSamples(rows: Rows): void {
    this.#samples.timeNs.append(rows.uint64s());
    this.#samples.weight.append(rows.uint64s());
    this.#samples.thread.append(rows.uint32s());
    this.#samples.stack.append(rows.ids('stack', this.#stacks.parent.length));
    this.#samples.ticks.append(rows.uint32s());
    this.#samples.flags.append(rows.uint32s());
  }
}

/** Reads the columns of one chunk, one after another. */
class Rows {
  readonly name: string;
  /** Where the chunk begins. */
  readonly at: number;
  readonly end: number;
  position: number;
  readonly #bytes: Uint8Array;
  readonly #count: number;
  readonly #first: number;

  constructor(bytes: Uint8Array, name: string, start: number, size: number) {
    this.name = name;
    this.at = start - 8;
    this.end = start + size;
    this.#bytes = bytes;
    this.position = start;
    if (size < 8) throw invalid(`the ${name} chunk at ${this.at} is too short`);
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, 8);
    this.#count = view.getUint32(0, true);
    this.#first = view.getUint32(4, true);
    this.position = start + 8;
  }

  expectFirst(next: number): void {
    if (this.#first !== next) {
      throw invalid(
        `the ${this.name} chunk at ${this.at} begins with row ${this.#first} instead of ${next}`,
      );
    }
  }

  uint32s(): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, this.#take(4), this.#count);
  }

  int32s(): Int32Array {
    return new Int32Array(this.#bytes.buffer, this.#take(4), this.#count);
  }

  /** Doubles are exact to 2^53, which is 104 days in nanoseconds. */
  uint64s(): Float64Array {
    const halves = new Uint32Array(this.#bytes.buffer, this.#take(8), this.#count * 2);
    const values = new Float64Array(this.#count);
    for (let row = 0; row < values.length; row++) {
      values[row] = (halves[row * 2] as number) + (halves[row * 2 + 1] as number) * 2 ** 32;
    }
    return values;
  }

  ids(what: string, limit: number): Uint32Array {
    const values = this.uint32s();
    for (const value of values) {
      if (value >= limit) {
        throw invalid(`the ${this.name} chunk at ${this.at} names ${what} ${value}, of ${limit}`);
      }
    }
    return values;
  }

  #take(width: number): number {
    const start = this.position;
    if (start + this.#count * width > this.end) {
      throw invalid(
        `the ${this.name} chunk at ${this.at} is too short for its ${this.#count} rows`,
      );
    }
    this.position = start + this.#count * width;
    return this.#bytes.byteOffset + start;
  }
}

function invalid(message: string, cause?: unknown): SigprofError {
  return new SigprofError('ERR_SIGPROF_INVALID_PROFILE', message, { cause });
}
