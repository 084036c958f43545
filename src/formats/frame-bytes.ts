/** Finds what was stored under the same bytes of one buffer before. Nothing is copied: an entry names the place where its bytes stand. */
export class FrameBytes {
  readonly #bytes: Uint8Array;
  readonly #words: DataView;
  #slots = new Int32Array(1024).fill(-1);
  #start: number[] = [];
  #length: number[] = [];
  #hash: number[] = [];
  #value: number[] = [];

  constructor(bytes: Uint8Array, words: DataView) {
    this.#bytes = bytes;
    this.#words = words;
  }

  /** The value; -1 when there is none. */
  find(start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    const length = end - start;
    for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number;
      if (entry < 0) return -1;
      if (this.#hash[entry] !== hash || this.#length[entry] !== length) continue;
      const known = this.#start[entry] as number;
      if (commonLength(this.#bytes, this.#words, known, start, length) === length) {
        return this.#value[entry] as number;
      }
    }
  }

  /** Stores a value under bytes that have none. */
  add(start: number, end: number, hash: number, value: number): void {
    const entry = this.#start.push(start) - 1;
    this.#length.push(end - start);
    this.#hash.push(hash);
    this.#value.push(value);
    if (this.#start.length * 2 > this.#slots.length) {
      this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
      for (let each = 0; each < entry; each++) this.#place(each);
    }
    this.#place(entry);
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = spread(this.#hash[entry] as number) & mask;
    while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }
}

/** How many bytes from `a` and from `b` on are equal, `limit` at most. `words` are the same bytes; `a` lies before `b`. */
export function commonLength(
  bytes: Uint8Array,
  words: DataView,
  a: number,
  b: number,
  limit: number,
): number {
  const most = Math.min(limit, bytes.length - b);
  let same = 0;
  while (same + 4 <= most && words.getInt32(a + same) === words.getInt32(b + same)) same += 4;
  while (same < most && bytes[a + same] === bytes[b + same]) same++;
  return same;
}

/** FNV's low bits alone are weak. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}
