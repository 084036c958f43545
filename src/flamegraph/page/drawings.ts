import { NodeKeys } from './address.ts';
import type { Drawing } from './describe.ts';
import { calleesOf, callersOf, type Graph, hide, invert, sumLabels } from './graph.ts';
import type { PageState } from './html-state.ts';
import { rankNames } from './ranks.ts';

/** The trees made of the one in the page, kept until others are asked for. */
export class Drawings {
  readonly #source: Drawing;
  /** The swatch of each label's category. */
  readonly #swatches: readonly string[];
  readonly #kept = new Map<string, { readonly key: string; readonly value: unknown }>();
  #ranks: Uint32Array | undefined;

  constructor(source: Drawing, swatches: readonly string[]) {
    this.#source = source;
    this.#swatches = swatches;
  }

  /** From the root, without the hidden categories. */
  topDown({ hidden }: PageState): Drawing {
    if (hidden.length === 0) return this.#source;
    return this.#keep('topDown', hidden.join('.'), () => {
      const mask = Uint8Array.from(this.#swatches, (swatch) => Number(hidden.includes(swatch)));
      return this.#drawing(hide(this.#source.graph, mask, this.#rank()));
    });
  }

  /** What the graph's tab shows. */
  main(state: PageState): Drawing {
    const topDown = this.topDown(state);
    if (!state.isBottomUp || this.#source.settings.isTimeOrdered) return topDown;
    return this.#keep('bottomUp', state.hidden.join('.'), () =>
      this.#drawing(invert(topDown.graph, this.#rank())),
    );
  }

  keys(drawing: Drawing): NodeKeys {
    const known = this.#kept.get('keys')?.value as { of: Drawing; keys: NodeKeys } | undefined;
    if (known?.of === drawing) return known.keys;
    const keys = new NodeKeys(drawing.graph, drawing.names);
    this.#kept.set('keys', { key: '', value: { of: drawing, keys } });
    return keys;
  }

  sums(state: PageState): Pick<Graph, 'self' | 'total'> {
    return this.#keep('sums', state.hidden.join('.'), () =>
      sumLabels(this.topDown(state).graph, this.#source.names.length),
    );
  }

  /** The two halves of a sandwich. */
  sandwich(state: PageState, label: number): { callers: Drawing; callees: Drawing } {
    return this.#keep('sandwich', `${label} ${state.hidden.join('.')}`, () => {
      const { graph } = this.topDown(state);
      return {
        callers: this.#drawing(callersOf(graph, label, this.#rank())),
        callees: this.#drawing(calleesOf(graph, label, this.#rank())),
      };
    });
  }

  #drawing(graph: Graph): Drawing {
    return { ...this.#source, graph };
  }

  #rank(): Uint32Array {
    this.#ranks ??= rankNames(this.#source.names);
    return this.#ranks;
  }

  #keep<T>(what: string, key: string, make: () => T): T {
    const known = this.#kept.get(what);
    if (known?.key === key) return known.value as T;
    const value = make();
    this.#kept.set(what, { key, value });
    return value;
  }
}
