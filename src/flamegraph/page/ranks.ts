import { compareBytes } from '../../model/text.ts';

/** The place of each name among all, by its bytes. */
export function rankNames(names: readonly string[]): Uint32Array {
  const order = names.map((_, label) => label);
  order.sort((a, b) => compareBytes(names[a] as string, names[b] as string) || a - b);
  const ranks = new Uint32Array(names.length);
  order.forEach((label, rank) => {
    ranks[label] = rank;
  });
  return ranks;
}
