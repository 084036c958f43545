type Backing = Uint32Array | Int32Array | Uint8Array | Float64Array;

/** A typed array that grows; the plain form of a table's column while it is built. */
export class GrowableColumn<T extends Backing> {
  #values: T;
  #length = 0;
  readonly #make: (capacity: number) => T;

  constructor(make: (capacity: number) => T, capacity = 64) {
    this.#make = make;
    this.#values = make(capacity);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow(this.#length + 1);
    this.#values[this.#length++] = value;
  }

  append(values: ArrayLike<number>): void {
    const length = this.#length + values.length;
    if (length > this.#values.length) this.#grow(length);
    this.#values.set(values, this.#length);
    this.#length = length;
  }

  get(index: number): number {
    return this.#values[index] as number;
  }

  /** Appends rows of zeros. */
  appendZeros(count: number): void {
    const length = this.#length + count;
    if (length > this.#values.length) this.#grow(length);
    this.#length = length;
  }

  /** The rows so far, without spare capacity. Later pushes don't show in it. */
  toArray(): T {
    // Where nothing is spare, the next push makes another array.
    if (this.#length === this.#values.length) return this.#values;
    return this.#values.slice(0, this.#length) as T;
  }

  #grow(needed: number): void {
    const values = this.#make(Math.max(needed, this.#values.length * 2));
    values.set(this.#values);
    this.#values = values;
  }
}

/** Columns of one table by name. */
export type GrowableColumns = Readonly<Record<string, GrowableColumn<Backing>>>;

/** The finished table of columns of equal length. */
export function finishTable<C extends GrowableColumns>(
  columns: C,
): { readonly length: number } & { readonly [K in keyof C]: ArrayLike<number> } {
  const arrays = Object.entries(columns).map(([name, column]) => [name, column.toArray()] as const);
  const length = arrays[0]?.[1].length ?? 0;
  return {
    length,
    ...(Object.fromEntries(arrays) as unknown as { [K in keyof C]: ArrayLike<number> }),
  };
}

/** A growing column of unsigned 32-bit values. */
export const uint32Column = (): GrowableColumn<Uint32Array> =>
  new GrowableColumn((n) => new Uint32Array(n));

/** A growing column of signed 32-bit values. */
export const int32Column = (): GrowableColumn<Int32Array> =>
  new GrowableColumn((n) => new Int32Array(n));

/** A growing column of bytes. */
export const uint8Column = (): GrowableColumn<Uint8Array> =>
  new GrowableColumn((n) => new Uint8Array(n));

/** A growing column of doubles: whole numbers up to 2^53, so 104 days in nanoseconds. */
export const float64Column = (): GrowableColumn<Float64Array> =>
  new GrowableColumn((n) => new Float64Array(n));
