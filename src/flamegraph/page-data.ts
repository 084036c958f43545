// The data of an HTML picture: one JSON object, in which the tree's columns are numbers of variable length (LEB128) in base64. About
// eleven bytes a frame.

import type { FrameCategory, FrameLabel } from '../model/frame-names.ts';
import { type FlamePicture, metadataOf, settingsOf } from './picture.ts';

/** A multiple of three, so that pieces of base64 can be joined. */
const PIECE_BYTES = 49_152;

/** One letter for a label's category; a capital where a change is no more than noise. */
const LETTERS: Readonly<Record<FrameCategory, string>> = {
  app: 'a',
  package: 'p',
  node: 'n',
  builtin: 'b',
  wasm: 'w',
  regexp: 'r',
  native: 'c',
  gc: 'g',
  special: 's',
};

/** The data as JSON, piece by piece, safe between script tags. */
export function* encodePageData(picture: FlamePicture): Generator<string> {
  const { tree, texts, comparison, widths, options } = picture;
  const ids = labelIds(picture);
  const { order } = ids;
  const kinds = order.map((label) => {
    const { category, text } = tree.labels[label] as FrameLabel;
    const isSure = options.isSure?.(text) ?? true;
    return isSure ? LETTERS[category] : LETTERS[category].toUpperCase();
  });
  // Fractions come from scaling only.
  const parts = comparison && picture.measure.unit === 'count' ? 1000 : 1;
  yield `{"settings":${safeJson(settingsOf(picture))},\n"recording":${safeJson(metadataOf(picture))},\n`;
  yield `"parts":${parts},"kinds":"${kinds.join('')}",\n"names":[`;
  for (const [at, label] of order.entries()) {
    yield `${at === 0 ? '' : ',\n'}${safeJson(texts[label])}`;
  }
  yield '],\n"nodes":{';
  const { length } = tree;
  yield* column('label', length, (node) => ids.of[tree.label[node] as number] as number);
  yield ',\n';
  yield* column('up', length, (node) =>
    node === 0 ? 0 : (tree.depth[node - 1] as number) + 1 - (tree.depth[node] as number),
  );
  yield ',\n';
  yield* column('samples', length, (node) => tree.selfSamples[node] as number);
  const sides = comparison
    ? ([
        ['before', comparison.before.self],
        ['after', comparison.after.self],
      ] as const)
    : ([['width', widths.self]] as const);
  for (const [name, values] of sides) {
    yield ',\n';
    yield* column(name, length, (node) => Math.round((values[node] as number) * parts));
  }
  yield '}}\n';
}

/** Labels renumbered, the most frequent first: small numbers take fewer bytes. */
function labelIds({ tree }: FlamePicture): { of: Uint32Array; order: number[] } {
  const uses = new Float64Array(tree.labels.length);
  for (let node = 1; node < tree.length; node++) {
    const label = tree.label[node] as number;
    uses[label] = (uses[label] as number) + 1;
  }
  const order = [...uses.keys()].filter((label) => (uses[label] as number) > 0);
  // Texts as they came: those shown may be alike.
  const textOf = (label: number) => (tree.labels[label] as FrameLabel).text;
  order.sort(
    (a, b) => (uses[b] as number) - (uses[a] as number) || (textOf(a) < textOf(b) ? -1 : 1),
  );
  const of = new Uint32Array(tree.labels.length);
  order.forEach((label, at) => {
    of[label] = at + 1;
  });
  return { of, order };
}

function* column(name: string, length: number, read: (node: number) => number): Generator<string> {
  yield `"${name}":"`;
  const bytes = Buffer.allocUnsafe(PIECE_BYTES + 16);
  let used = 0;
  for (let node = 0; node < length; node++) {
    let value = read(node);
    while (value >= 128) {
      bytes[used++] = (value % 128) + 128;
      value = Math.floor(value / 128);
    }
    bytes[used++] = value;
    if (used < PIECE_BYTES) continue;
    yield bytes.toString('base64', 0, PIECE_BYTES);
    bytes.copyWithin(0, PIECE_BYTES, used);
    used -= PIECE_BYTES;
  }
  yield `${bytes.toString('base64', 0, used)}"`;
}

/** JSON that neither ends a script element nor begins a comment in one. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
