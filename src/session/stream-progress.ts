import { closeSync, openSync, readSync } from 'node:fs';

/** The figures of a running recording that people like to see. */
export interface Progress {
  readonly samples: number;
  /** Samples lost, for whatever reason. */
  readonly lost: number;
}

const MAGIC_BYTES = 8;
const HEADER_BYTES = 8;
const COUNTERS = 8;
/** Far above any real COUNTERS chunk; guards against a torn size. */
const MAX_COUNTERS_BYTES = 64 * 1024;
/** Counters of `lost` that tell of samples; the others tell of frames or timers. */
const LOST_SAMPLES = ['ringFull', 'unusableStacks', 'tableFull'];

/** Follows the counters of a growing stream; it skips all other chunks without reading them. */
export class StreamProgress {
  readonly #path: string;
  #offset = MAGIC_BYTES;
  #latest: Progress = { samples: 0, lost: 0 };

  constructor(path: string) {
    this.#path = path;
  }

  /** The latest figures; keeps the last ones while nothing new can be read. */
  read(): Progress {
    let file: number | undefined;
    try {
      file = openSync(this.#path, 'r');
      this.#follow(file);
    } catch {
      // Gone or being written: the display is no reason to fail.
    } finally {
      if (file !== undefined) closeSync(file);
    }
    return this.#latest;
  }

  #follow(file: number): void {
    for (;;) {
      const header = readExactly(file, HEADER_BYTES, this.#offset);
      if (header === undefined) return;
      const bytes = header.readUInt32LE(4);
      if (header.readUInt32LE(0) === COUNTERS && bytes <= MAX_COUNTERS_BYTES) {
        const payload = readExactly(file, bytes, this.#offset + HEADER_BYTES);
        if (payload === undefined) return;
        this.#latest = parseCounters(payload.toString('utf8'));
      }
      this.#offset += HEADER_BYTES + Math.ceil(bytes / 8) * 8;
    }
  }
}

function readExactly(file: number, bytes: number, offset: number): Buffer | undefined {
  const buffer = Buffer.alloc(bytes);
  return readSync(file, buffer, 0, bytes, offset) === bytes ? buffer : undefined;
}

function parseCounters(json: string): Progress {
  const counters = JSON.parse(json) as { samples?: number; lost?: Record<string, number> };
  const { lost = {}, samples = 0 } = counters;
  return { samples, lost: LOST_SAMPLES.reduce((sum, reason) => sum + (lost[reason] ?? 0), 0) };
}
