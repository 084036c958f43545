import {
  type Label,
  Location,
  Mapping,
  Function as PprofFunction,
  Profile,
  Sample,
} from 'pprof-format';
import { ProfileBuilder } from '../model/profile-builder.ts';
import {
  FrameFlag,
  type FrameId,
  FunctionKind,
  type ProfileCounters,
  type ProfileData,
  type ProfileMeta,
  type StackId,
  type Thread,
  type ThreadIndex,
} from '../model/profile-data.ts';
import { functionOfWords } from './frame-words.ts';
import { invalid, shown } from './invalid.ts';
import { positionOf } from './json-input.ts';
import { parseMetadata, type StoredMetadata } from './metadata.ts';
import { METADATA_FIELD } from './pprof-encoder.ts';
import { type ChosenValue, chooseValue } from './pprof-values.ts';
import type { DecodeOptions } from './profile-format.ts';
import { type MessageShape, wireFields } from './protobuf.ts';
import { Skipped } from './skipped.ts';

/** Numbers of the fields of Profile. */
const Field = { sample: 2, mapping: 3, location: 4, function: 5, string: 6 } as const;
const LAST_FIELD = 15;

/** The messages of profile.proto, for checking. */
export const PPROF_SHAPE: MessageShape = {
  name: 'the profile',
  isExtensible: true,
  nested: {
    1: { name: 'a sample type' },
    2: { name: 'a sample', nested: { 3: { name: 'a label' } } },
    3: { name: 'a mapping' },
    4: { name: 'a location', nested: { 4: { name: 'a line' } } },
    5: { name: 'a function' },
    11: { name: 'the period type' },
  },
};

/**
 * Reads pprof profiles, unpacked. Of several values the default one is taken, else the last, as pprof does.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE
 */
export function decodePprof(bytes: Uint8Array, options: DecodeOptions = {}): ProfileData {
  return new PprofReader(bytes, options.lenient === true).read();
}

class PprofReader {
  readonly #builder = new ProfileBuilder();
  readonly #skipped: Skipped;
  readonly #strings: string[] = [];
  readonly #samples: Uint8Array[] = [];
  readonly #functions = new Map<number, PprofFunction>();
  readonly #locations = new Map<number, Location>();
  readonly #mappings = new Map<number, Mapping>();
  /** Outermost frame first. */
  readonly #framesOfLocation = new Map<number, readonly FrameId[] | string>();
  readonly #threads = new Map<string, ThreadIndex>();
  /** Of files of sigprof. */
  #stored: StoredMetadata | undefined;
  /** Whatever is no table: a few fields. */
  readonly #header: Profile;

  constructor(bytes: Uint8Array, isLenient: boolean) {
    this.#skipped = new Skipped('samples', isLenient);
    const others: Uint8Array[] = [];
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
    for (const { number, content, whole } of wireFields(bytes, PPROF_SHAPE)) {
      if (number === Field.sample) this.#samples.push(content);
      else if (number === Field.string) this.#strings.push(utf8.decode(content));
      else if (number === Field.function)
        register(this.#functions, PprofFunction.decode(content), 'functions');
      else if (number === Field.location)
        register(this.#locations, Location.decode(content), 'locations');
      else if (number === Field.mapping)
        register(this.#mappings, Mapping.decode(content), 'mappings');
      else if (number === METADATA_FIELD) this.#stored = tryMetadata(content);
      else if (number <= LAST_FIELD) others.push(whole);
    }
    this.#header = Profile.decode(Buffer.concat(others));
  }

  read(): ProfileData {
    if (this.#strings[0] !== '') throw invalid('its first string is not empty, as pprof demands');
    const types = this.#header.sampleType.map(({ type, unit }) => ({
      type: this.#string(type),
      unit: this.#string(unit),
    }));
    const chosen = chooseValue(types, this.#string(this.#header.defaultSampleType));
    const stored = this.#stored;
    this.#samples.forEach((content, row) => {
      const problem = this.#trySample(Sample.decode(content), types.length, chosen);
      if (problem !== undefined) this.#skipped.add(`sample ${row} ${problem}`);
    });
    for (const line of this.#skipped.summary()) this.#builder.addWarning(line);
    return this.#builder.build(this.#meta(stored, chosen), this.#counters(stored));
  }

  /** Why the sample can't be used; undefined once it is added. */
  #trySample(sample: Sample, values: number, chosen: ChosenValue): string | undefined {
    if (sample.value.length !== values) {
      return `has ${sample.value.length} values, but there are ${values} sample types`;
    }
    const value = toNumber(sample.value[chosen.index] ?? 0);
    const weight = Math.round(value * chosen.scale);
    if (!(weight >= 0 && Number.isSafeInteger(weight))) return `weighs ${value}`;
    const ticks = chosen.ticksIndex < 0 ? 1 : toNumber(sample.value[chosen.ticksIndex] ?? 1);
    let stack = 0 as StackId;
    for (let at = sample.locationId.length - 1; at >= 0; at--) {
      const frames = this.#framesOf(toNumber(sample.locationId[at] ?? 0));
      if (typeof frames === 'string') return frames;
      for (const frame of frames) stack = this.#builder.internStack(stack, frame);
    }
    if (weight === 0 && ticks === 0) return undefined;
    this.#builder.addSample({
      stack,
      weight,
      thread: this.#thread(sample.label),
      ticks: ticks >= 0 && ticks < 2 ** 32 ? ticks : 1,
    });
    return undefined;
  }

  #framesOf(id: number): readonly FrameId[] | string {
    const known = this.#framesOfLocation.get(id);
    if (known !== undefined) return known;
    const frames = this.#readLocation(id);
    this.#framesOfLocation.set(id, frames);
    return frames;
  }

  #readLocation(id: number): readonly FrameId[] | string {
    const location = this.#locations.get(id);
    if (location === undefined) return `is at location ${id}, which is none`;
    if (location.line.length === 0) return [this.#addressFrame(location)];
    const frames: FrameId[] = [];
    // The format begins with the innermost.
    for (const [depth, line] of [...location.line.entries()].reverse()) {
      const fn = this.#functions.get(toNumber(line.functionId));
      if (fn === undefined) return `is in function ${line.functionId}, which is none`;
      const words = {
        name: this.#functionName(fn),
        file: this.#string(fn.filename),
        line: positionOf(toNumber(fn.startLine)),
        column: 0,
      };
      const isInlined = depth < location.line.length - 1;
      frames.push(
        this.#builder.internFrame(
          this.#builder.internFunction(functionOfWords(words)),
          positionOf(toNumber(line.line)),
          positionOf(toNumber(line.column)),
          isInlined ? FrameFlag.inlined : 0,
        ),
      );
    }
    return frames;
  }

  /** sigprof's names say where the function is, its system names do not. */
  #functionName({ name, systemName }: PprofFunction): string {
    const [first, second] = this.#stored ? [systemName, name] : [name, systemName];
    return this.#string(first) || this.#string(second);
  }

  /** What was never given a name. */
  #addressFrame({ address, mappingId }: Location): FrameId {
    const mapping = this.#mappings.get(toNumber(mappingId));
    const script = mapping ? this.#string(mapping.filename) : '';
    const name = `0x${BigInt(address).toString(16)}`;
    return this.#builder.internFrame(
      this.#builder.internFunction({ name, script, kind: FunctionKind.native }),
    );
  }

  #thread(labels: readonly Label[]): ThreadIndex {
    const values = new Map(labels.map((label) => [this.#string(label.key), label]));
    const text = (key: string) => this.#string(values.get(key)?.str ?? 0);
    const id = Number(text('thread id')) || toNumber(values.get('thread id')?.num ?? 0);
    const kindText = text('thread kind');
    const kind: Thread['kind'] = kindText === 'worker' || kindText === 'native' ? kindText : 'main';
    const nameText = text('thread name');
    const thread = {
      tid: Number.isSafeInteger(id) && id >= 0 && id < 2 ** 32 ? id : 0,
      kind,
      name: nameText === kind ? '' : nameText,
    };
    const key = JSON.stringify(thread);
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    const index = this.#builder.addThread(thread);
    this.#threads.set(key, index);
    return index;
  }

  #meta(stored: StoredMetadata | undefined, { unit, mode }: ChosenValue): ProfileMeta {
    const { timeNanos, periodType, period } = this.#header;
    const startTimeMs = toNumber(timeNanos) / 1e6;
    const isTimed = periodType !== undefined && this.#string(periodType.unit) === 'nanoseconds';
    const periodNs = isTimed ? toNumber(period) : 0;
    return {
      ...(startTimeMs > 0 ? { startTimeMs } : {}),
      ...(periodNs > 0 ? { rateHz: 1e9 / periodNs } : {}),
      ...stored?.meta,
      unit,
      mode: stored?.meta.mode ?? mode,
    };
  }

  #counters(stored: StoredMetadata | undefined): ProfileCounters {
    const durationNs = toNumber(this.#header.durationNanos);
    return { ...(durationNs > 0 ? { durationNs } : {}), ...(stored?.counters ?? { lost: {} }) };
  }

  #string(index: number | bigint): string {
    const text = this.#strings[Number(index)];
    if (text === undefined) {
      throw invalid(`it names string ${index}, but there are ${this.#strings.length}`);
    }
    return text;
  }
}

function tryMetadata(content: Uint8Array): StoredMetadata | undefined {
  try {
    return parseMetadata(JSON.parse(Buffer.from(content).toString()));
  } catch {
    return undefined; // somebody else's field of the same number
  }
}

function register<T extends { readonly id: number | bigint }>(
  table: Map<number, T>,
  row: T,
  what: string,
): void {
  const id = toNumber(row.id);
  if (id === 0) throw invalid(`one of its ${what} has the id 0`);
  if (table.has(id)) throw invalid(`two of its ${what} have the id ${shown(id)}`);
  table.set(id, row);
}

/** An int64: pprof-format gives large ones as unsigned bigints. */
function toNumber(value: number | bigint): number {
  return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : value;
}
