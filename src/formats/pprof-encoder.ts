// https://github.com/google/pprof/blob/main/proto/profile.proto, gzipped. Every frame is a Location of its own, also inlined
// ones: several Lines in one Location would be the format's way, but speedscope shows only the outermost of them. The value
// people look at comes last, because that is the one tools choose when they choose by themselves.

import {
  emptyTableToken,
  Profile,
  type ProfileInput,
  type SampleInput,
  StringTable,
} from 'pprof-format';
import { PROGRAM_FRAME } from '../model/frame-names.ts';
import { PairIndex } from '../model/pair-index.ts';
import { FunctionKind, type ProfileData, type Thread } from '../model/profile-data.ts';
import { FrameSplitter, type FrameWords } from './frame-words.ts';
import { gzip } from './gzip.ts';
import { metadataOf } from './metadata.ts';
import type { EncodeOptions } from './profile-format.ts';

const SAMPLES_PER_PIECE = 1024;
/**
 * A field of Profile that profile.proto has not (50000 to 99999 are free for own use) and readers skip: JSON of what pprof
 * has no place for. In a comment it would head every table that pprof prints.
 */
export const METADATA_FIELD = 50_471;

/** Writes a profile as gzipped pprof. Samples of equal stacks and threads are added up. */
export function encodePprof(
  profile: ProfileData,
  options: EncodeOptions = {},
): Iterable<Uint8Array> {
  return gzip(new PprofWriter(profile, options).messages());
}

class PprofWriter {
  readonly #profile: ProfileData;
  readonly #options: EncodeOptions;
  readonly #splitter: FrameSplitter;
  readonly #strings = new StringTable();
  readonly #functions: NonNullable<ProfileInput['function']> = [];
  readonly #functionIds = new Map<string, number>();
  readonly #locations: NonNullable<ProfileInput['location']> = [];
  readonly #locationIds = new Map<string, number>();
  readonly #mappings: NonNullable<ProfileInput['mapping']> = [];
  readonly #mappingIds = new Map<string, number>();
  readonly #locationOfFrame: Uint32Array;

  constructor(profile: ProfileData, options: EncodeOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#splitter = new FrameSplitter(profile, { ...options, lines: false, wholePaths: true });
    // The first mapping is what pprof calls the main binary.
    this.#mapping(mainBinary(profile));
    this.#locationOfFrame = Uint32Array.from({ length: profile.frames.length }, (_, frame) =>
      this.#locationOf(frame),
    );
  }

  /** Messages of the same type one after another are one message. */
  *messages(): Generator<Uint8Array> {
    let batch: SampleInput[] = [];
    for (const sample of this.#samples()) {
      batch.push(sample);
      if (batch.length < SAMPLES_PER_PIECE) continue;
      yield part({ sample: batch });
      batch = [];
    }
    yield part({ sample: batch });
    const header = this.#header();
    yield part({ mapping: this.#mappings });
    yield part({ location: this.#locations });
    yield part({ function: this.#functions });
    // The table of strings is whole only now.
    yield part({ ...header, stringTable: this.#strings });
    yield* delimitedField(METADATA_FIELD, JSON.stringify(metadataOf(this.#profile)));
  }

  *#samples(): Generator<SampleInput> {
    const { samples, threads } = this.#profile;
    const isTime = this.#profile.meta.unit === 'nanoseconds';
    const groups = new PairIndex();
    const weights: number[] = [];
    const ticks: number[] = [];
    for (let row = 0; row < samples.length; row++) {
      const group = groups.intern(samples.thread[row] as number, samples.stack[row] as number);
      weights[group] = (weights[group] ?? 0) + (samples.weight[row] as number);
      ticks[group] = (ticks[group] ?? 0) + (samples.ticks[row] as number);
    }
    const stacks = groups.seconds();
    const labels = threads.map((thread) => this.#labels(thread));
    for (const [group, thread] of groups.firsts().entries()) {
      const weight = weights[group] as number;
      yield {
        locationId: this.#locationIdsOf(stacks[group] as number, threads[thread] as Thread),
        value: isTime ? [ticks[group] as number, weight] : [weight],
        label: labels[thread] ?? [],
      };
    }
  }

  #locationIdsOf(leaf: number, thread: Thread): number[] {
    const { parent, frame } = this.#profile.stacks;
    const ids: number[] = [];
    for (let at = leaf; at !== 0; at = parent[at] as number) {
      ids.push(this.#locationOfFrame[frame[at] as number] as number);
    }
    if (leaf === 0) ids.push(this.#location(this.#special(PROGRAM_FRAME)));
    if (this.#options.threads === true) {
      ids.push(this.#location(this.#special(this.#splitter.threadWords(thread).name)));
    }
    return ids;
  }

  #labels({ tid, kind, name }: Thread): NonNullable<SampleInput['label']> {
    const text = (key: string, value: string) => ({
      key: this.#strings.dedup(key),
      str: this.#strings.dedup(value),
    });
    return [
      text('thread name', name || kind),
      text('thread kind', kind),
      { key: this.#strings.dedup('thread id'), num: tid },
    ];
  }

  #header(): ProfileInput {
    const { meta, counters } = this.#profile;
    const id = (text: string) => this.#strings.dedup(text);
    const samples = { type: id('samples'), unit: id('count') };
    const isTime = meta.unit === 'nanoseconds';
    const time = { type: id(meta.mode), unit: id('nanoseconds') };
    const preferred = isTime && this.#options.metric !== 'samples' ? time : samples;
    return {
      sampleType: isTime ? [samples, time] : [samples],
      defaultSampleType: preferred.type,
      ...(isTime && meta.rateHz ? { periodType: time, period: Math.round(1e9 / meta.rateHz) } : {}),
      timeNanos: BigInt(Math.round(meta.startTimeMs ?? 0)) * 1_000_000n,
      durationNanos: counters.durationNs ?? 0,
      comment: commentsOf(this.#profile).map(id),
    };
  }

  #locationOf(frame: number): number {
    const { frames, functions, strings } = this.#profile;
    const fn = frames.function[frame] as number;
    const library =
      functions.kind[fn] === FunctionKind.native
        ? (strings[functions.script[fn] as number] as string)
        : '';
    const words = this.#splitter.words(frame);
    const executing = words.file === '' ? 0 : (frames.line[frame] as number);
    const column = executing === 0 ? 0 : (frames.column[frame] as number);
    return this.#location(
      this.#function(words, this.#splitter.label(frame)),
      executing || words.line,
      column,
      this.#mapping(library),
    );
  }

  #location(functionId: number, line = 0, column = 0, mappingId = 1): number {
    const key = `${functionId},${line},${column},${mappingId}`;
    const known = this.#locationIds.get(key);
    if (known !== undefined) return known;
    const id = this.#locations.length + 1;
    this.#locations.push({ id, mappingId, line: [{ functionId, line, column }] });
    this.#locationIds.set(key, id);
    return id;
  }

  /** pprof adds up functions by their names alone, so the name says where the function is. */
  #function({ name, file, line }: FrameWords, label: string): number {
    const [nameId, filename] = [this.#strings.dedup(label), this.#strings.dedup(file)];
    const key = `${nameId},${filename},${line}`;
    const known = this.#functionIds.get(key);
    if (known !== undefined) return known;
    const id = this.#functions.length + 1;
    const systemName = this.#strings.dedup(name);
    this.#functions.push({ id, name: nameId, systemName, filename, startLine: line });
    this.#functionIds.set(key, id);
    return id;
  }

  #special(name: string): number {
    return this.#function({ name, file: '', line: 0, column: 0 }, name);
  }

  /** All that pprof would look up in a binary is known, which keeps it from trying. */
  #mapping(file: string): number {
    if (file === '') return 1;
    const known = this.#mappingIds.get(file);
    if (known !== undefined) return known;
    const id = this.#mappings.length + 1;
    this.#mappings.push({
      id,
      filename: this.#strings.dedup(file),
      hasFunctions: true,
      hasFilenames: true,
      hasLineNumbers: true,
      hasInlineFrames: true,
    });
    this.#mappingIds.set(file, id);
    return id;
  }
}

/** For people; pprof prints them above its tables. */
function commentsOf({ meta, counters }: ProfileData): string[] {
  const how = [
    meta.nodeVersion && `Node ${meta.nodeVersion}`,
    meta.rateHz && `${meta.rateHz} Hz of ${meta.mode === 'cpu' ? 'CPU time' : 'elapsed time'}`,
  ].filter(Boolean);
  const lost = Object.entries(counters.lost).filter(([, count]) => count > 0);
  return [
    meta.title ?? '',
    how.join(', '),
    lost.length === 0 ? '' : `lost: ${lost.map(([reason, n]) => `${n} ${reason}`).join(', ')}`,
    ...(meta.filters ?? []),
  ].filter((line) => line !== '');
}

function* delimitedField(number: number, text: string): Generator<Uint8Array> {
  const content = Buffer.from(text);
  yield Uint8Array.from([...varint(number * 8 + 2), ...varint(content.length)]);
  yield content;
}

function* varint(value: number): Generator<number> {
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) yield (left % 128) + 128;
  yield left;
}

function mainBinary({ meta }: ProfileData): string {
  const command = meta.title?.split(' ', 1)[0] ?? '';
  return command === '' ? 'node' : command;
}

function part(fields: ProfileInput): Uint8Array {
  return new Profile({ stringTable: new StringTable(emptyTableToken), ...fields }).encode();
}
