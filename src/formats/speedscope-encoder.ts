// https://www.speedscope.app/file-format-schema.json: a table of frames, and for each thread its samples in their order,
// as stacks of indexes into that table, root first.

import { PROGRAM_FRAME } from '../model/frame-names.ts';
import type { ProfileData } from '../model/profile-data.ts';
import { joinPieces, jsonElements, jsonNumbers } from './chunks.ts';
import { FrameSplitter, type FrameWords } from './frame-words.ts';
import { metadataOf } from './metadata.ts';
import type { EncodeOptions } from './profile-format.ts';

const SCHEMA = 'https://www.speedscope.app/file-format-schema.json';

/** Writes a profile as speedscope JSON, one of speedscope's profiles for each thread with samples. */
export function encodeSpeedscope(
  profile: ProfileData,
  options: EncodeOptions = {},
): Iterable<string> {
  return joinPieces(new SpeedscopeWriter(profile, options).pieces());
}

class SpeedscopeWriter {
  readonly #profile: ProfileData;
  readonly #options: EncodeOptions;
  readonly #splitter: FrameSplitter;
  readonly #frames: string[] = [];
  readonly #frameIds = new Map<string, number>();
  /** Index in the file by row of the profile's frames. */
  readonly #idOfFrame: Uint32Array;

  constructor(profile: ProfileData, options: EncodeOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#splitter = new FrameSplitter(profile, options);
    this.#idOfFrame = Uint32Array.from({ length: profile.frames.length }, (_, frame) =>
      this.#intern(this.#splitter.words(frame)),
    );
  }

  *pieces(): Generator<string> {
    const { meta, threads, samples } = this.#profile;
    const rows: number[][] = threads.map(() => []);
    for (let row = 0; row < samples.length; row++) rows[samples.thread[row] as number]?.push(row);
    const used = [...threads.keys()].filter((thread) => (rows[thread] as number[]).length > 0);
    const program = this.#intern({ name: PROGRAM_FRAME, file: '', line: 0, column: 0 });
    const roots = used.map((thread) => this.#rootOf(thread));
    yield `{"$schema":${JSON.stringify(SCHEMA)},"exporter":"sigprof",`;
    yield `"name":${JSON.stringify(meta.title ?? 'sigprof')},"activeProfileIndex":0,\n`;
    const stored = metadataOf(this.#profile);
    const ticks = this.#hasTicks() ? used.map((thread) => this.#ticksOf(rows[thread])) : undefined;
    yield `"sigprof":${JSON.stringify({ ...stored, profileThreads: used, ticks })},\n`;
    yield '"shared":{"frames":[';
    yield* jsonElements(this.#frames, (frame) => frame);
    yield ']},\n"profiles":[';
    for (const [index, thread] of used.entries()) {
      if (index > 0) yield ',\n';
      yield* this.#threadPieces(thread, rows[thread] as number[], roots[index], program);
    }
    yield ']}\n';
  }

  #rootOf(thread: number): number | undefined {
    if (this.#options.threads !== true) return undefined;
    return this.#intern(
      this.#splitter.threadWords(this.#profile.threads[thread] as ProfileData['threads'][number]),
    );
  }

  *#threadPieces(
    thread: number,
    rows: readonly number[],
    root: number | undefined,
    program: number,
  ): Generator<string> {
    const { meta, samples, threads } = this.#profile;
    const weights = rows.map((row) => this.#weight(row));
    const unit =
      meta.unit === 'nanoseconds' && this.#options.metric !== 'samples' ? 'nanoseconds' : 'none';
    const { name } = this.#splitter.threadWords(threads[thread] as (typeof threads)[number]);
    yield `{"type":"sampled","name":${JSON.stringify(name)},"unit":"${unit}","startValue":0,`;
    yield `"endValue":${weights.reduce((sum, weight) => sum + weight, 0)},\n"samples":[`;
    for (const [index, row] of rows.entries()) {
      const stack = this.#stack(samples.stack[row] as number, root, program);
      yield index === 0 ? '[' : ',[';
      yield* jsonNumbers(stack);
      yield ']';
    }
    yield '],\n"weights":[';
    yield* jsonNumbers(weights);
    yield ']}';
  }

  #weight(row: number): number {
    const { ticks, weight } = this.#profile.samples;
    return (this.#options.metric === 'samples' ? ticks[row] : weight[row]) as number;
  }

  #stack(leaf: number, root: number | undefined, program: number): number[] {
    const { parent, frame } = this.#profile.stacks;
    const stack: number[] = [];
    for (let at = leaf; at !== 0; at = parent[at] as number) {
      stack.push(this.#idOfFrame[frame[at] as number] as number);
    }
    if (leaf === 0) stack.push(program);
    if (root !== undefined) stack.push(root);
    return stack.reverse();
  }

  #hasTicks(): boolean {
    const { ticks, length } = this.#profile.samples;
    for (let row = 0; row < length; row++) if (ticks[row] !== 1) return true;
    return false;
  }

  #ticksOf(rows: readonly number[] = []): number[] {
    return rows.map((row) => this.#profile.samples.ticks[row] as number);
  }

  #intern({ name, file, line, column }: FrameWords): number {
    const place = file === '' ? {} : { file, ...(line > 0 ? { line } : {}) };
    const json = JSON.stringify({ name, ...place, ...(column > 0 ? { col: column } : {}) });
    const known = this.#frameIds.get(json);
    if (known !== undefined) return known;
    const id = this.#frames.push(json) - 1;
    this.#frameIds.set(json, id);
    return id;
  }
}
