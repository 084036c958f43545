// The Profile type of the Chrome DevTools Protocol, as `node --cpu-prof` writes it: a call tree of nodes, and the samples in
// their order as ids of nodes. Lines and columns of functions count from 0, those of position ticks from 1, times are
// microseconds. Readers (DevTools, VS Code) give a sample the time until the next one and the last the time until
// `endTime`, so the first delta is 0 and a sample's weight stands in the delta that follows it.

import { pathToFileURL } from 'node:url';
import { PROGRAM_FRAME } from '../model/frame-names.ts';
import { PairIndex } from '../model/pair-index.ts';
import type { ProfileData } from '../model/profile-data.ts';
import { joinPieces, jsonElements, jsonNumbers } from './chunks.ts';
import { FrameSplitter, type FrameWords } from './frame-words.ts';
import { metadataOf } from './metadata.ts';
import type { EncodeOptions } from './profile-format.ts';

const ROOT_ID = 1;
const NS_PER_MICROSECOND = 1000;

/** Writes a profile as .cpuprofile. The format has one time line: threads stand on it one after another. */
export function encodeCpuProfile(
  profile: ProfileData,
  options: EncodeOptions = {},
): Iterable<string> {
  return joinPieces(new CpuProfileWriter(profile, options).pieces());
}

class CpuProfileWriter {
  readonly #profile: ProfileData;
  readonly #options: EncodeOptions;
  readonly #splitter: FrameSplitter;
  readonly #callFrames: string[] = [];
  readonly #callFrameIds = new Map<string, number>();
  readonly #scriptIds = new Map<string, number>();
  readonly #callFrameOfFrame: Uint32Array;
  /** Pairs of the parent's node and a call frame; the node's id is 2 above the pair's. */
  readonly #nodes = new PairIndex();

  constructor(profile: ProfileData, options: EncodeOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#splitter = new FrameSplitter(profile, { ...options, wholePaths: true });
    this.#callFrameOfFrame = Uint32Array.from({ length: profile.frames.length }, (_, frame) =>
      this.#internCallFrame(this.#splitter.words(frame)),
    );
  }

  *pieces(): Generator<string> {
    const { threads, samples, meta } = this.#profile;
    const rows: number[][] = threads.map(() => []);
    for (let row = 0; row < samples.length; row++) rows[samples.thread[row] as number]?.push(row);
    const nodeOfRow = new Uint32Array(samples.length);
    rows.forEach((ofThread, thread) => {
      this.#addNodes(thread, ofThread, nodeOfRow);
    });
    const order = Uint32Array.from(rows.flat());
    const deltas = this.#deltas(order);
    const startTime = Math.round((meta.startTimeMs ?? 0) * 1000);
    yield '{"nodes":[';
    yield* jsonElements(this.#nodeTexts(order, nodeOfRow), (text) => text);
    yield `],\n"startTime":${startTime},"endTime":${startTime + deltas.total},\n"samples":[`;
    yield* jsonNumbers(order.map((row) => nodeOfRow[row] as number));
    yield '],\n"timeDeltas":[';
    yield* jsonNumbers(deltas.values);
    const samplesOfThreads = rows.map((ofThread) => ofThread.length);
    const ticks = this.#hasTicks()
      ? Array.from(order, (row) => samples.ticks[row] as number)
      : undefined;
    const stored = { ...metadataOf(this.#profile), samplesOfThreads, ticks };
    yield `],\n"sigprof":${JSON.stringify(stored)}}\n`;
  }

  #addNodes(thread: number, rows: readonly number[], nodeOfRow: Uint32Array): void {
    if (rows.length === 0) return;
    const { samples, stacks, threads } = this.#profile;
    const root =
      this.#options.threads === true
        ? this.#child(
            ROOT_ID,
            this.#internCallFrame(
              this.#splitter.threadWords(threads[thread] as (typeof threads)[number]),
            ),
          )
        : ROOT_ID;
    const nodeOfStack = new Map<number, number>([[0, root]]);
    const chain: number[] = [];
    for (const row of rows) {
      const leaf = samples.stack[row] as number;
      let at = leaf;
      for (; !nodeOfStack.has(at); at = stacks.parent[at] as number) chain.push(at);
      let node = nodeOfStack.get(at) as number;
      for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
        node = this.#child(node, this.#callFrameOfFrame[stacks.frame[next] as number] as number);
        nodeOfStack.set(next, node);
      }
      nodeOfRow[row] = leaf === 0 ? this.#programNode(root) : node;
    }
  }

  #programNode(root: number): number {
    const words = { name: PROGRAM_FRAME, file: '', line: 0, column: 0 };
    return this.#child(root, this.#internCallFrame(words));
  }

  #child(parent: number, callFrame: number): number {
    return this.#nodes.intern(parent, callFrame) + 2;
  }

  /** Rounding is carried on, so that no time is lost however short the samples are. */
  #deltas(order: Uint32Array): { readonly values: Float64Array; readonly total: number } {
    const { meta, samples } = this.#profile;
    const isTime = meta.unit === 'nanoseconds';
    const values = new Float64Array(order.length);
    let sum = 0;
    let written = 0;
    order.forEach((row, index) => {
      // A bare count has no duration; each is shown as one microsecond.
      const at = Math.round(isTime ? sum / NS_PER_MICROSECOND : sum);
      values[index] = at - written;
      written = at;
      sum += samples.weight[row] as number;
    });
    return { values, total: Math.round(isTime ? sum / NS_PER_MICROSECOND : sum) };
  }

  *#nodeTexts(order: Uint32Array, nodeOfRow: Uint32Array): Generator<string> {
    const parents = this.#nodes.firsts();
    const callFrames = this.#nodes.seconds();
    const count = parents.length + 2;
    const hits = new Uint32Array(count);
    for (const row of order)
      hits[nodeOfRow[row] as number] = (hits[nodeOfRow[row] as number] ?? 0) + 1;
    const childStarts = new Uint32Array(count + 1);
    for (const parent of parents) childStarts[parent + 1] = (childStarts[parent + 1] as number) + 1;
    for (let id = 1; id <= count; id++) {
      childStarts[id] = (childStarts[id] as number) + (childStarts[id - 1] as number);
    }
    const children = new Uint32Array(parents.length);
    const next = childStarts.slice();
    parents.forEach((parent, pair) => {
      children[next[parent] as number] = pair + 2;
      next[parent] = (next[parent] as number) + 1;
    });
    const lines = this.#positionTicks(order, nodeOfRow);
    const root = this.#callFrameText({ name: '(root)', file: '', line: 0, column: 0 });
    for (let id = ROOT_ID; id < count; id++) {
      const callFrame = id === ROOT_ID ? root : this.#callFrames[callFrames[id - 2] as number];
      const below = children.subarray(childStarts[id], childStarts[id + 1]);
      const ticks = lines.get(id);
      yield `{"id":${id},"callFrame":${callFrame},"hitCount":${hits[id]}${
        below.length > 0 ? `,"children":[${below.join(',')}]` : ''
      }${ticks === undefined ? '' : `,"positionTicks":[${positionTexts(ticks)}]`}}`;
    }
  }

  /** Samples by executing line of the innermost frame, by node. */
  #positionTicks(order: Uint32Array, nodeOfRow: Uint32Array): Map<number, Map<number, number>> {
    const { samples, stacks, frames } = this.#profile;
    const byNode = new Map<number, Map<number, number>>();
    for (const row of order) {
      const stack = samples.stack[row] as number;
      const line = stack === 0 ? 0 : (frames.line[stacks.frame[stack] as number] as number);
      if (line === 0) continue;
      const node = nodeOfRow[row] as number;
      const ticks = byNode.get(node) ?? new Map<number, number>();
      ticks.set(line, (ticks.get(line) ?? 0) + 1);
      byNode.set(node, ticks);
    }
    return byNode;
  }

  #hasTicks(): boolean {
    const { ticks, length } = this.#profile.samples;
    for (let row = 0; row < length; row++) if (ticks[row] !== 1) return true;
    return false;
  }

  #internCallFrame(words: FrameWords): number {
    const text = this.#callFrameText(words);
    const known = this.#callFrameIds.get(text);
    if (known !== undefined) return known;
    const id = this.#callFrames.push(text) - 1;
    this.#callFrameIds.set(text, id);
    return id;
  }

  #callFrameText({ name, file, line, column }: FrameWords): string {
    return JSON.stringify({
      // What has no name is nameless in V8's files too; viewers have their own word for it.
      functionName: file !== '' && name === '(anonymous)' ? '' : name,
      scriptId: String(this.#scriptId(file)),
      url: urlOf(file),
      lineNumber: line - 1,
      columnNumber: column - 1,
    });
  }

  /** Viewers tell scripts apart by it; 0 is none. */
  #scriptId(file: string): number {
    if (file === '') return 0;
    const known = this.#scriptIds.get(file) ?? this.#scriptIds.size + 1;
    this.#scriptIds.set(file, known);
    return known;
  }
}

function positionTexts(ticks: ReadonlyMap<number, number>): string {
  return Array.from(ticks, ([line, count]) => `{"line":${line},"ticks":${count}}`).join(',');
}

/** Viewers open sources by URL; a path that would not come back the same is written as it is. */
function urlOf(file: string): string {
  if (!/^\/[^\0?#%\\\s]*$/.test(file) || /\/\.{0,2}(?:\/|$)/.test(file)) return file;
  return pathToFileURL(file).href;
}
