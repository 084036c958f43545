import { decodeCollapsed } from './collapsed-decoder.ts';
import { encodeCollapsed } from './collapsed-encoder.ts';
import type { ProfileFormat } from './profile-format.ts';

/** Folded stacks, one line each: `root;caller;leaf 123`. */
export const collapsedFormat: ProfileFormat = {
  name: 'collapsed',
  extensions: ['.collapsed', '.folded', '.txt'],
  matches: looksFolded,
  decode: decodeCollapsed,
  encode: encodeCollapsed,
};

/** The first line with anything in it ends in a count. */
function looksFolded(head: Uint8Array): boolean {
  if (head.includes(0)) return false;
  const lines = new TextDecoder().decode(head).split('\n');
  const first = lines.find((line) => line.trim() !== '' && !line.startsWith('# '));
  return first !== undefined && /\S[ \t]\d+(?:\.\d*)?[ \t\r]*$/.test(first);
}
