// There is no standard for folded stacks. What is written here is the common subset of what flamegraph.pl, inferno,
// speedscope, async-profiler, Firefox and Pyroscope read:
//   file  = *( frame *( ";" frame ) SP count LF ), UTF-8, lines unique and sorted by bytes
//   frame = no ";", no control characters, no spaces at its ends, never empty, not ending in SP digits (that would read
//           as a second count), the first one not starting with "#" (a comment to some)
//   count = 1*DIGIT, from 1 to below 2^53

import { buildCallTree, type CallTree } from '../model/call-tree.ts';
import type { FrameLabel } from '../model/frame-names.ts';
import type { ProfileData } from '../model/profile-data.ts';
import { compareBytes, wellFormed } from '../model/text.ts';
import type { EncodeOptions } from './profile-format.ts';

const CHUNK_CHARACTERS = 1 << 16;
const NS_PER_COUNT = 1000;

/**
 * Writes a profile as folded stacks. Times are counted in microseconds, rounded so that all counts together are the
 * rounded total.
 */
export function* encodeCollapsed(
  profile: ProfileData,
  options: EncodeOptions = {},
): Generator<string> {
  const tree = buildCallTree(profile, { ...options, rewrite: safeFrame });
  let chunk = '';
  for (const line of foldedLines(tree, countNodes(tree, profile, options))) {
    chunk += line;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** A frame's text within the grammar. Frames that read alike afterwards are one. */
export function safeFrame(text: string, isRoot: boolean): string {
  const plain = wellFormed(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
    .replace(/[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+/g, ' ')
    .trim()
    .replaceAll(';', ':')
    .replace(/ (\d+(?:\.\d*)?)$/, '_$1');
  if (plain === '') return '(anonymous)';
  return isRoot && plain.startsWith('#') ? `_${plain}` : plain;
}

/** Whole counts by node. The rounding error of one stack is carried to the next, so none adds up. */
function countNodes(tree: CallTree, profile: ProfileData, options: EncodeOptions): Float64Array {
  const bySamples = options.metric === 'samples';
  const exact = bySamples ? tree.selfSamples : tree.selfWeight;
  const perCount = !bySamples && profile.meta.unit === 'nanoseconds' ? NS_PER_COUNT : 1;
  const counts = new Float64Array(tree.length);
  let sum = 0;
  let written = 0;
  for (let node = 0; node < tree.length; node++) {
    sum += exact[node] as number;
    counts[node] = Math.round(sum / perCount) - written;
    written += counts[node] as number;
  }
  return counts;
}

/** One thing to write below a node: its own line, or all that is below one child. */
interface Item {
  readonly key: string;
  readonly node: number;
  readonly isLine: boolean;
}

/**
 * Lines sorted by bytes, in pieces, without holding them all: below each node, lines ("label 12") and subtrees ("label;") are
 * sorted by what they begin with. Sorting by label alone would be wrong, since "a b" comes between "a 1" and "a;c 1".
 */
function* foldedLines(tree: CallTree, counts: Float64Array): Generator<string> {
  // The way from the root. What stands before all lines of a level is kept as one string only where it is short: a line of
  // very deep stacks may be longer than the longest string.
  const pending: { items: Item[]; next: number; key: string; prefix: string | undefined }[] = [
    { items: itemsBelow(tree, counts, 0), next: 0, key: '', prefix: '' },
  ];
  for (;;) {
    const level = pending.at(-1);
    if (level === undefined) return;
    const item = level.items[level.next++];
    if (item === undefined) {
      pending.pop();
    } else if (item.isLine) {
      if (level.prefix !== undefined) yield level.prefix;
      else for (const { key } of pending) yield key;
      yield `${item.key}\n`;
    } else {
      const { key } = item;
      const { prefix } = level;
      const isShort = prefix !== undefined && prefix.length + key.length < CHUNK_CHARACTERS;
      pending.push({
        items: itemsBelow(tree, counts, item.node),
        next: 0,
        key,
        prefix: isShort ? prefix + key : undefined,
      });
    }
  }
}

function itemsBelow(tree: CallTree, counts: Float64Array, parent: number): Item[] {
  const items: Item[] = [];
  const end = tree.end[parent] as number;
  for (let node = parent + 1; node < end; node = tree.end[node] as number) {
    const { text } = tree.labels[tree.label[node] as number] as FrameLabel;
    const count = counts[node] as number;
    if (count >= 1) items.push({ key: `${text} ${count}`, node, isLine: true });
    if ((tree.end[node] as number) > node + 1) items.push({ key: `${text};`, node, isLine: false });
  }
  return items.sort((a, b) => compareBytes(a.key, b.key));
}
