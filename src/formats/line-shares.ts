/** How often a node was sampled, and the ticks by line among that. */
export interface LineTicks {
  readonly hits: number;
  readonly lines: ReadonlyMap<number, number>;
}

interface Share {
  readonly line: number;
  readonly ticks: number;
  given: number;
}

/**
 * Deals the lines of a node's ticks out to its samples: a .cpuprofile tells how many samples fell on each line, not which.
 * At every point each line has had its share, give or take one.
 */
export class LineShares {
  readonly #shares: readonly (Share[] | undefined)[];
  readonly #dealt: Uint32Array;

  constructor(nodes: readonly LineTicks[]) {
    this.#dealt = new Uint32Array(nodes.length);
    this.#shares = nodes.map(({ hits, lines }) => {
      if (lines.size === 0) return undefined;
      const shares = Array.from(lines, ([line, ticks]) => ({ line, ticks, given: 0 }));
      const without = hits - shares.reduce((sum, { ticks }) => sum + ticks, 0);
      // Samples that have no line of their own.
      if (without > 0) shares.push({ line: 0, ticks: without, given: 0 });
      return shares;
    });
  }

  /** The line of the node's next sample; 0 is none. */
  next(node: number): number {
    const shares = this.#shares[node];
    if (shares === undefined) return 0;
    const total = shares.reduce((sum, { ticks }) => sum + ticks, 0);
    const dealt = (this.#dealt[node] as number) + 1;
    this.#dealt[node] = dealt;
    let best = shares[0] as Share;
    let mostOwed = Number.NEGATIVE_INFINITY;
    for (const share of shares) {
      const owed = (share.ticks * dealt) / total - share.given;
      if (owed <= mostOwed) continue;
      best = share;
      mostOwed = owed;
    }
    best.given++;
    return best.line;
  }
}
