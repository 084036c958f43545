const CHUNK_CHARACTERS = 1 << 16;
const NUMBERS_PER_PIECE = 4096;

/** Joins small pieces to chunks worth a write; none is much longer than 64 Ki characters. */
export function* joinPieces(pieces: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** The elements of a JSON array of numbers, without its brackets. */
export function* jsonNumbers(values: ArrayLike<number>): Generator<string> {
  const count = values.length;
  for (let start = 0; start < count; start += NUMBERS_PER_PIECE) {
    let piece = start === 0 ? '' : ',';
    const end = Math.min(count, start + NUMBERS_PER_PIECE);
    for (let i = start; i < end; i++) piece += i === start ? values[i] : `,${values[i]}`;
    yield piece;
  }
}

/** The elements of a JSON array, without its brackets, one piece an element. */
export function* jsonElements<T>(
  items: Iterable<T>,
  toJson: (item: T) => string,
): Generator<string> {
  let isFirst = true;
  for (const item of items) {
    yield isFirst ? toJson(item) : `,\n${toJson(item)}`;
    isFirst = false;
  }
}
