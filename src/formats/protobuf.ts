// pprof-format decodes whatever it is given: it stops at the end of the bytes, wherever a field says it ends. So the
// structure is checked first, here, and nothing that is cut off or damaged reaches it.

import { invalid } from './invalid.ts';

/** Fields that are messages themselves, by number. */
export interface MessageShape {
  readonly name: string;
  /** Whether it may have fields of numbers that profile.proto has not. */
  readonly isExtensible?: boolean;
  readonly nested?: Readonly<Record<number, MessageShape>>;
}

/** One field of a message. */
export interface WireField {
  readonly number: number;
  /** Of a length-delimited field; otherwise empty. */
  readonly content: Uint8Array;
  /** The whole field, its key included. */
  readonly whole: Uint8Array;
}

const WireType = { varint: 0, delimited: 2 } as const;

/**
 * The fields of a message, checked with all that is nested in them.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE with the offset of what is wrong
 */
export function* wireFields(
  bytes: Uint8Array,
  shape: MessageShape,
  base = 0,
): Generator<WireField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw invalid(`offset ${base + at - 1}: ${shape.name} is cut off`);
      // Beyond 2^53 lengths and keys are wrong anyway, and values are not used here.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw invalid(`offset ${base + at}: a number in ${shape.name} is longer than 10 bytes`);
  };
  while (at < bytes.length) {
    const start = at;
    const key = varint();
    const number = Math.floor(key / 8);
    const type = key % 8;
    let content: Uint8Array = bytes.subarray(at, at);
    // pprof-format takes the first byte of a field for its number and type.
    const isOneByte = number >= 1 && number < 16 && at - start === 1;
    const isExtension = number >= 16 && number < 2 ** 29 && shape.isExtensible === true;
    if (!isOneByte && !isExtension) {
      throw invalid(`offset ${base + start}: ${number} is no number of a field of ${shape.name}`);
    }
    const nested = shape.nested?.[number];
    if (nested && type !== WireType.delimited) {
      throw invalid(`offset ${base + start}: ${nested.name} is no message`);
    }
    if (type === WireType.varint) varint();
    else if (type === WireType.delimited) {
      const length = varint();
      if (length > bytes.length - at)
        throw invalid(`offset ${base + at}: ${shape.name} is cut off`);
      content = bytes.subarray(at, at + length);
      if (nested) for (const _ of wireFields(content, nested, base + at));
      at += length;
    } else {
      // profile.proto has no fields of other types.
      throw invalid(`offset ${base + start}: ${shape.name} has a field of wire type ${type}`);
    }
    yield { number, content, whole: bytes.subarray(start, at) };
  }
}
