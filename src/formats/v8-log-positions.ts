// Which function an instruction belongs to. V8 logs with its code a table of source positions, one text each:
//   positions  "C0O152C57O183C162O68I2": from code offset 57 on, script offset 183; with I, in the inlined call of that number
//   inlined    "F0O199F1O121I0": inlined call 0 is function 0 called at 199; call 1 is function 1 called at 121 in call 0

/** A place in code: where in the script, and in which inlined call, -1 for none. */
export interface CodePosition {
  readonly code: number;
  readonly script: number;
  readonly call: number;
}

/** A call that was inlined. */
export interface InlinedCall {
  /** Index into the code's list of functions. */
  readonly function: number;
  /** Where the caller calls it. */
  readonly script: number;
  /** The inlined call it is in; -1 for none. */
  readonly parent: number;
}

/** Parses `positions`; what doesn't look like it is left out. */
export function parsePositions(text: string): CodePosition[] {
  return Array.from(text.matchAll(/C(\d+)O(\d+)(?:I(\d+))?/g), ([, code, script, call]) => ({
    code: Number(code),
    script: Number(script),
    call: call === undefined ? -1 : Number(call),
  }));
}

/** Parses `inlined`; a call is always in an earlier one. */
export function parseInlined(text: string): InlinedCall[] {
  return Array.from(text.matchAll(/F(\d+)O(\d+)(?:I(\d+))?/g), ([, fn, script, parent], index) => ({
    function: Number(fn),
    script: Number(script),
    parent: parent !== undefined && Number(parent) < index ? Number(parent) : -1,
  }));
}

/** The last position at or before a code offset. */
export function findPosition(
  positions: readonly CodePosition[],
  offset: number,
): CodePosition | undefined {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((positions[middle] as CodePosition).code <= offset) low = middle + 1;
    else high = middle;
  }
  return positions[low - 1];
}

/** The 1-based line of a script offset. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(source: string) {
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) {
      this.#starts.push(at + 1);
    }
  }

  lineAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
