/**
 * Interns pairs of unsigned 32-bit numbers: equal pairs get equal ids, new ones the next id from 0.
 * A `Map` keyed by strings or by products does the same at five times the time and memory; tries over millions of stacks
 * live on this.
 */
export class PairIndex {
  /** Three numbers a slot: id + 1, then the pair, so that a look costs one line of the cache, not three. */
  #slots = new Uint32Array(3 * 64);
  #mask = 63;
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
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = hashPair(first, second) & mask;
    for (;;) {
      const at = slot * 3;
      const id = slots[at] as number;
      if (id === 0) break;
      if (slots[at + 1] === first && slots[at + 2] === second) return id - 1;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, first, second);
  }

  #add(slot: number, first: number, second: number): number {
    const id = this.#size++;
    this.#slots[slot * 3] = id + 1;
    this.#slots[slot * 3 + 1] = first;
    this.#slots[slot * 3 + 2] = second;
    this.#first[id] = first;
    this.#second[id] = second;
    if (this.#size * 2 > this.#mask) this.#grow();
    return id;
  }

  #grow(): void {
    const capacity = this.#mask + 1;
    const first = new Uint32Array(capacity);
    const second = new Uint32Array(capacity);
    first.set(this.#first);
    second.set(this.#second);
    this.#first = first;
    this.#second = second;
    const mask = capacity * 2 - 1;
    const slots = new Uint32Array(capacity * 2 * 3);
    for (let id = 0; id < this.#size; id++) {
      const a = first[id] as number;
      const b = second[id] as number;
      let slot = hashPair(a, b) & mask;
      while (slots[slot * 3] !== 0) slot = (slot + 1) & mask;
      slots[slot * 3] = id + 1;
      slots[slot * 3 + 1] = a;
      slots[slot * 3 + 2] = b;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

function hashPair(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
