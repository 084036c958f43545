// Reading JSON of unknown origin: where it is broken, and what is of the wrong type.

import { isUtf8 } from 'node:buffer';
import { invalid, shown } from './invalid.ts';
import { findSyntaxError } from './json-syntax.ts';

/** The longest string of V8 on 64 bits holds 2^29 - 24 characters. */
const LONGEST_BYTES = 2 ** 29 - 24;
const BYTE_ORDER_MARK = 0xfeff;

/**
 * Parses a file of JSON.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE with line and offset of what is wrong
 */
export function parseJson(bytes: Uint8Array, isLenient: boolean): unknown {
  if (bytes.length > LONGEST_BYTES) {
    const megabytes = Math.round(bytes.length / 2 ** 20);
    throw invalid(`${megabytes} MiB of JSON are more than can be read at once (511 MiB)`);
  }
  if (!isLenient && !isUtf8(bytes)) {
    throw invalid(`offset ${utf8ErrorOffset(bytes)}: it is not UTF-8`);
  }
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const text = decoded.charCodeAt(0) === BYTE_ORDER_MARK ? decoded.slice(1) : decoded;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(describeSyntaxError(text), cause);
  }
}

/** A finite number, or the default where the member may be missing. */
export function numberOf(value: unknown, what: string, missing?: number): number {
  if (value === undefined && missing !== undefined) return missing;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(`${what} is ${shown(value)}, no number`);
}

/** An array. */
export function arrayOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(value === undefined ? `${what} is missing` : `${what} is no array`);
}

/** A string, or '' where it is missing. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A line or column: a whole number of at least 1 that fits a table, or 0. */
export function positionOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31
    ? value
    : 0;
}

/**
 * The member names of the outermost object, in their order, without parsing what is in it. Ends quietly where the text
 * stops to look like JSON.
 */
export function* topLevelKeys(bytes: Uint8Array): Generator<string> {
  let depth = 0;
  let keyStart = -1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x22) {
      const start = at + 1;
      for (at++; at < bytes.length && bytes[at] !== 0x22; at++) if (bytes[at] === 0x5c) at++;
      keyStart = depth === 1 ? start : -1;
      if (keyStart > 0 && nextIsColon(bytes, at + 1)) {
        yield new TextDecoder().decode(bytes.subarray(keyStart, Math.min(at, keyStart + 256)));
      }
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    if (depth <= 0 && byte > 0x20 && byte < 0x80) return;
  }
}

function nextIsColon(bytes: Uint8Array, start: number): boolean {
  let at = start;
  while (at < bytes.length && (bytes[at] as number) <= 0x20) at++;
  return bytes[at] === 0x3a;
}

function describeSyntaxError(text: string): string {
  const { offset, reason } = findSyntaxError(text);
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}, offset ${Buffer.byteLength(before)}: ${reason}`;
}

/** The first byte that begins no UTF-8 sequence. */
function utf8ErrorOffset(bytes: Uint8Array): number {
  const STEP = 4096;
  let start = 0;
  // Sequences are at most 4 bytes long: a prefix that is valid up to its last 3 bytes is valid so far.
  const isGood = (end: number) =>
    [0, 1, 2, 3].some((cut) => end - cut >= start && isUtf8(bytes.subarray(start, end - cut)));
  while (start + STEP < bytes.length && isUtf8(bytes.subarray(start, start + STEP))) start += STEP;
  let end = start + 1;
  while (end < bytes.length && isGood(end)) end++;
  for (let at = Math.max(start, end - 4); at < end; at++) {
    if (!isUtf8(bytes.subarray(start, at + 1)) && !isGood(at + 4)) return at;
  }
  return end - 1;
}
