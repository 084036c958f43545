/** Writes recordings byte by byte as docs/batch-format.md says, apart from the product's own encoder. */
export class BatchWriter {
  readonly #parts: Uint8Array[] = [];
  #version = 1;

  version(version: number): this {
    this.#version = version;
    return this;
  }

  chunk(type: number, payload: Uint8Array): this {
    const head = new DataView(new ArrayBuffer(8));
    head.setUint32(0, type, true);
    head.setUint32(4, payload.length, true);
    this.#parts.push(new Uint8Array(head.buffer), payload);
    this.#parts.push(new Uint8Array((8 - (payload.length % 8)) % 8));
    return this;
  }

  meta(meta: object): this {
    return this.chunk(1, new TextEncoder().encode(JSON.stringify(meta)));
  }

  counters(counters: object): this {
    return this.chunk(8, new TextEncoder().encode(JSON.stringify(counters)));
  }

  strings(first: number, texts: readonly string[]): this {
    const encoded = texts.map((text) => Buffer.from(text));
    const lengths = Buffer.alloc(encoded.length * 4);
    encoded.forEach((text, row) => {
      lengths.writeUInt32LE(text.length, row * 4);
    });
    return this.chunk(2, Buffer.concat([head(texts.length, first), lengths, ...encoded]));
  }

  functions(first: number, rows: readonly (readonly number[])[]): this {
    return this.#table(3, first, rows, 5);
  }

  frames(first: number, rows: readonly (readonly number[])[]): this {
    return this.#table(4, first, rows, 4);
  }

  stacks(first: number, rows: readonly (readonly number[])[]): this {
    return this.#table(5, first, rows, 2);
  }

  threads(rows: readonly (readonly number[])[]): this {
    return this.#table(6, 0, rows, 4);
  }

  samples(rows: readonly (readonly [bigint, bigint, number, number, number, number])[]): this {
    const wide = Buffer.alloc(rows.length * 16);
    rows.forEach(([time, weight], row) => {
      wide.writeBigUInt64LE(time, row * 8);
      wide.writeBigUInt64LE(weight, (rows.length + row) * 8);
    });
    const narrow = words(
      rows.map((row) => row.slice(2) as number[]),
      4,
    );
    return this.chunk(7, Buffer.concat([head(rows.length, 0), wide, narrow]));
  }

  bytes(): Uint8Array {
    const magic = Buffer.from([...Buffer.from('SIGPROF'), this.#version]);
    return new Uint8Array(Buffer.concat([magic, ...this.#parts]));
  }

  #table(type: number, first: number, rows: readonly (readonly number[])[], width: number): this {
    return this.chunk(type, Buffer.concat([head(rows.length, first), words(rows, width)]));
  }
}

function head(count: number, first: number): Buffer {
  return words([[count], [first]], 1);
}

/** Rows as columns of 32-bit words. */
function words(rows: readonly (readonly number[])[], width: number): Buffer {
  const buffer = Buffer.alloc(rows.length * width * 4);
  for (let column = 0; column < width; column++) {
    rows.forEach((row, at) => {
      buffer.writeInt32LE((row[column] ?? 0) | 0, (column * rows.length + at) * 4);
    });
  }
  return buffer;
}
