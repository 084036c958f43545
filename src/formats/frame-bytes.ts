const WORDS_PER_SLOT = 4;

/**
 * Finds what was stored under the same bytes of one buffer before. Nothing is copied: an entry names the place where its bytes
 * stand. At least three bytes follow each of them in the buffer.
 */
export class FrameBytes {
  readonly #words: DataView;
  /** Hash, start, length and value + 1 of an entry side by side, so that a look costs one line of the cache. */
  #slots = new Int32Array(1024 * WORDS_PER_SLOT);
  #mask = 1023;
  #size = 0;

  constructor(words: DataView) {
    this.#words = words;
  }

  /** The value; -1 when there is none. */
  find(start: number, length: number, hash: number): number {
    const slots = this.#slots;
    for (let slot = spread(hash); ; slot++) {
      const at = (slot & this.#mask) * WORDS_PER_SLOT;
      const value = slots[at + 3] as number;
      if (value === 0) return -1;
      if (slots[at] !== hash || slots[at + 2] !== length) continue;
      if (this.#isEqual(slots[at + 1] as number, start, length)) return value - 1;
    }
  }

  /** Stores a value under bytes that have none. */
  add(start: number, length: number, hash: number, value: number): void {
    if (++this.#size * 2 > this.#mask) this.#grow();
    this.#place(hash, start, length, value + 1);
  }

  #place(hash: number, start: number, length: number, value: number): void {
    const slots = this.#slots;
    let slot = spread(hash) & this.#mask;
    while (slots[slot * WORDS_PER_SLOT + 3] !== 0) slot = (slot + 1) & this.#mask;
    const at = slot * WORDS_PER_SLOT;
    slots[at] = hash;
    slots[at + 1] = start;
    slots[at + 2] = length;
    slots[at + 3] = value;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let at = 0; at < old.length; at += WORDS_PER_SLOT) {
      const value = old[at + 3] as number;
      if (value === 0) continue;
      this.#place(old[at] as number, old[at + 1] as number, old[at + 2] as number, value);
    }
  }

  #isEqual(a: number, b: number, length: number): boolean {
    const words = this.#words;
    const whole = length & ~3;
    for (let at = 0; at < whole; at += 4) {
      if (words.getInt32(a + at, true) !== words.getInt32(b + at, true)) return false;
    }
    const rest = length & 3;
    // The first bytes are the low ones of a word; the shift drops those that follow.
    return (
      rest === 0 ||
      (words.getInt32(a + whole, true) ^ words.getInt32(b + whole, true)) << (32 - 8 * rest) === 0
    );
  }
}

/** How many bytes from `a` and from `b` on are equal, `limit` at most; three more can be read behind `b + limit`. `a` lies before `b`. */
export function commonLength(words: DataView, a: number, b: number, limit: number): number {
  for (let same = 0; same < limit; same += 4) {
    const difference = words.getInt32(a + same, true) ^ words.getInt32(b + same, true);
    if (difference !== 0) return Math.min(limit, same + firstByte(difference));
  }
  return limit;
}

/** Index of the first byte of a little-endian word that isn't zero. */
export function firstByte(word: number): number {
  return (31 - Math.clz32(word & -word)) >> 3;
}

/** Products carry upwards only: low bits alone are weak. */
function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}
