// What is shown stands in the address, behind the "#": Back goes back, and a link shows the same. A frame is named by a hash over
// the names from the root to it, so that it survives another width, and another picture of the same program finds the same place.

import { hashText } from '../../model/text.ts';
import type { Graph } from './graph.ts';

/** Names the nodes of one graph. */
export class NodeKeys {
  readonly #graph: Graph;
  readonly #names: readonly string[];
  #high: Uint32Array | undefined;
  #low = new Uint32Array(0);

  constructor(graph: Graph, names: readonly string[]) {
    this.#graph = graph;
    this.#names = names;
  }

  keyOf(node: number): string {
    const high = this.#hash();
    const parts = [
      high[node] as number,
      this.#low[node] as number,
      this.#graph.depth[node] as number,
    ];
    return parts.map((part) => part.toString(36)).join('.');
  }

  nodeOf(key: string): number | undefined {
    const [high = Number.NaN, low, depth] = key.split('.').map((part) => Number.parseInt(part, 36));
    const hashes = this.#hash();
    for (let node = 0; node < hashes.length; node++) {
      if (hashes[node] !== high || this.#low[node] !== low) continue;
      if (this.#graph.depth[node] === depth) return node;
    }
    return undefined;
  }

  #hash(): Uint32Array {
    if (this.#high) return this.#high;
    const { label, parent, length } = this.#graph;
    const ofLabel = this.#names.map(
      (name) => [hashText(name), hashText(name, 0x9747b28c)] as const,
    );
    const high = new Uint32Array(length);
    const low = new Uint32Array(length);
    for (let node = 1; node < length; node++) {
      const up = parent[node] as number;
      const [a, b] = ofLabel[label[node] as number] as readonly [number, number];
      high[node] = mix(high[up] as number, a);
      low[node] = mix(low[up] as number, b);
    }
    this.#high = high;
    this.#low = low;
    return high;
  }
}

function mix(state: number, value: number): number {
  const mixed = Math.imul(state ^ value, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) + 0x6d2b79f5;
}

/** The words of an address; what isn't ours is left out. */
export function parseAddress(hash: string): Map<string, string> {
  const words = new Map<string, string>();
  for (const part of hash.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    if (at <= 0) continue;
    try {
      words.set(part.slice(0, at), decodeURIComponent(part.slice(at + 1)));
    } catch {
      // A bad escape: not written by us.
    }
  }
  return words;
}

/** The address of words; empty ones are left out. */
export function formatAddress(words: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(words).filter(([, value]) => value);
  return `#${parts.map(([name, value]) => `${name}=${encodeURIComponent(value as string)}`).join('&')}`;
}

/** Changes the address without a step in the history. */
export function replaceAddress(hash: string): void {
  try {
    history.replaceState(history.state, '', hash);
  } catch {
    location.replace(hash); // some browsers refuse the other for files
  }
}
