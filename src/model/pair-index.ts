/**
 * Interns pairs of unsigned 32-bit numbers: equal pairs get equal ids, new ones the next id from 0.
 * A `Map` keyed by strings or by products does the same at five times the time and memory; tries over millions of stacks
 * live on this.
 */
export class PairIndex {
  #slots = new Int32Array(64).fill(-1);
  #first = new Uint32Array(32);
  #second = new Uint32Array(32);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The first members by id. A copy. */
  firsts(): Uint32Array {
    return this.#first.slice(0, this.#size);
  }

  /** The second members by id. A copy. */
  seconds(): Uint32Array {
    return this.#second.slice(0, this.#size);
  }

  /** The id of the pair, a new one if it is new (then {@link size} has grown). */
  intern(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashPair(first, second) & mask;
    for (;;) {
      const id = this.#slots[slot] as number;
      if (id < 0) break;
      if (this.#first[id] === first && this.#second[id] === second) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.#size++;
    this.#slots[slot] = id;
    this.#first[id] = first;
    this.#second[id] = second;
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    return id;
  }

  #grow(): void {
    const capacity = this.#slots.length;
    const first = new Uint32Array(capacity);
    const second = new Uint32Array(capacity);
    first.set(this.#first);
    second.set(this.#second);
    this.#first = first;
    this.#second = second;
    const mask = capacity * 2 - 1;
    const slots = new Int32Array(capacity * 2).fill(-1);
    for (let id = 0; id < this.#size; id++) {
      let slot = hashPair(first[id] as number, second[id] as number) & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

function hashPair(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
