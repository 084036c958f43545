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

  get(index: number): number {
    return this.#values[index] as number;
  }

  /** The rows so far, without spare capacity. Later pushes don't show in it. */
  toArray(): T {
    return this.#values.slice(0, this.#length) as T;
  }

  #grow(needed: number): void {
    const values = this.#make(Math.max(needed, this.#values.length * 2));
    values.set(this.#values);
    this.#values = values;
  }
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
