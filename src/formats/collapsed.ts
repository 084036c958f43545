import { decodeCollapsed } from './collapsed-decoder.ts';
import { encodeCollapsed } from './collapsed-encoder.ts';
import type { ProfileFormat } from './profile-format.ts';

const LINE_FEED = 10;
const HASH = 0x23;
const SPACE = 0x20;
const MOST_COMMENT_LINES = 1000;

/** Folded stacks, one line each: `root;caller;leaf 123`. */
export const collapsedFormat: ProfileFormat = {
  name: 'collapsed',
  extensions: ['.collapsed', '.folded', '.txt'],
  matches: looksFolded,
  decode: decodeCollapsed,
  encode: encodeCollapsed,
};

/** The first line with anything in it ends in a count. */
function looksFolded(head: Uint8Array, bytes: Uint8Array): boolean {
  if (head.includes(0)) return false;
  let start = 0;
  for (let line = 0; line < MOST_COMMENT_LINES && start < bytes.length; line++) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    const isComment = bytes[start] === HASH && bytes[start + 1] === SPACE;
    // A stack may be long, its count is not.
    const tail = new TextDecoder().decode(bytes.subarray(Math.max(start, end - 64), end));
    if (!isComment && tail.trim() !== '') return /\S[ \t]\d+(?:\.\d*)?[ \t\r]*$/.test(tail);
    start = end + 1;
  }
  return false;
}
