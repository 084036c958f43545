import { ProfileBuilder } from '../model/profile-builder.ts';
import type { FrameId, ProfileData, StackId, Thread, ThreadIndex } from '../model/profile-data.ts';
import { functionOfWords } from './frame-words.ts';
import { invalid, shown } from './invalid.ts';
import { arrayOf, numberOf, parseJson, positionOf, stringOf } from './json-input.ts';
import { isObject, parseMetadata, type StoredMetadata } from './metadata.ts';
import type { DecodeOptions } from './profile-format.ts';
import { Skipped } from './skipped.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const NS_PER_UNIT: Readonly<Record<string, number>> = {
  nanoseconds: 1,
  microseconds: 1e3,
  milliseconds: 1e6,
  seconds: 1e9,
};

/**
 * Reads speedscope JSON, sampled and evented profiles. Each of its profiles becomes a thread; they must count the same.
 * Time during which no frame is open belongs to no sample.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE
 */
export function decodeSpeedscope(bytes: Uint8Array, options: DecodeOptions = {}): ProfileData {
  const isLenient = options.lenient === true;
  const file = parseJson(bytes, isLenient);
  if (!isObject(file)) throw invalid('it is no JSON object');
  const profiles = arrayOf(file['profiles'], '"profiles"');
  if (!isObject(file['shared'])) throw invalid('"shared" is missing');
  const stored = parseMetadata(file['sigprof']);
  const reader = new SpeedscopeReader(
    arrayOf(file['shared']['frames'], '"shared.frames"'),
    isLenient,
  );
  const extra = isObject(file['sigprof']) ? file['sigprof'] : {};
  const unit = commonUnit(profiles);
  profiles.forEach((profile, index) => {
    reader.readProfile(profile as JsonObject, index, {
      thread: threadOf(profile as JsonObject, index, stored, extra),
      ticks: Array.isArray(extra['ticks']) ? extra['ticks'][index] : undefined,
    });
  });
  return reader.finish(stored, unit, stringOf(file['name']));
}

interface ProfileContext {
  readonly thread: Thread;
  readonly ticks: unknown;
}

/** What all profiles count: sums over different things would mean nothing. Units of time become one. */
function commonUnit(profiles: readonly unknown[]): 'nanoseconds' | 'count' {
  const units = new Set<string>();
  profiles.forEach((profile, index) => {
    if (!isObject(profile)) throw invalid(`profile ${index} is no object`);
    const unit = stringOf(profile['unit']);
    units.add(unit in NS_PER_UNIT ? 'nanoseconds' : unit);
  });
  if (units.size > 1)
    throw invalid(`its profiles count different things: ${[...units].join(', ')}`);
  return units.has('nanoseconds') ? 'nanoseconds' : 'count';
}

function threadOf(
  profile: JsonObject,
  index: number,
  stored: StoredMetadata | undefined,
  extra: JsonObject,
): Thread {
  const { profileThreads } = extra;
  const number = Array.isArray(profileThreads) ? profileThreads[index] : undefined;
  const known = stored?.threads[number as number];
  if (known) return known;
  return { tid: index, kind: index === 0 ? 'main' : 'worker', name: stringOf(profile['name']) };
}

class SpeedscopeReader {
  readonly #builder = new ProfileBuilder();
  readonly #frames: readonly (FrameId | undefined)[];
  readonly #skipped: Skipped;

  constructor(frames: readonly unknown[], isLenient: boolean) {
    this.#skipped = new Skipped('samples', isLenient);
    this.#frames = frames.map((frame) => {
      if (!isObject(frame) || typeof frame['name'] !== 'string') return undefined;
      const words = {
        name: frame['name'],
        file: stringOf(frame['file']),
        line: positionOf(frame['line']),
        column: positionOf(frame['col']),
      };
      return this.#builder.internFrame(this.#builder.internFunction(functionOfWords(words)));
    });
  }

  readProfile(profile: JsonObject, index: number, context: ProfileContext): void {
    const thread = this.#builder.addThread(context.thread);
    const unit = NS_PER_UNIT[stringOf(profile['unit'])] ?? 1;
    if (profile['type'] === 'sampled') this.#readSampled(profile, index, thread, unit, context);
    else if (profile['type'] === 'evented') this.#readEvented(profile, index, thread, unit);
    else throw invalid(`profile ${index} is of type ${shown(profile['type'])}, which is not known`);
  }

  finish(
    stored: StoredMetadata | undefined,
    unit: 'nanoseconds' | 'count',
    title: string,
  ): ProfileData {
    for (const line of this.#skipped.summary()) this.#builder.addWarning(line);
    const meta = stored?.meta ?? { mode: 'cpu', ...(title === '' ? {} : { title }) };
    return this.#builder.build({ ...meta, unit }, stored?.counters);
  }

  #readSampled(
    profile: JsonObject,
    index: number,
    thread: ThreadIndex,
    unit: number,
    { ticks }: ProfileContext,
  ): void {
    const samples = arrayOf(profile['samples'], `"samples" of profile ${index}`);
    const weights = arrayOf(profile['weights'], `"weights" of profile ${index}`);
    if (samples.length !== weights.length) {
      throw invalid(`profile ${index} has ${samples.length} samples and ${weights.length} weights`);
    }
    let timeNs = 0;
    samples.forEach((indexes, row) => {
      const where = `sample ${row} of profile ${index}`;
      const weight = this.#scaled(weights[row], unit, where);
      const stack = this.#stack(indexes, where);
      if (weight === undefined || stack === undefined) return;
      const given = Array.isArray(ticks) ? positionOf(ticks[row]) : 0;
      this.#builder.addSample({ stack, weight, thread, timeNs, ticks: given || 1 });
      timeNs += weight;
    });
  }

  #readEvented(profile: JsonObject, index: number, thread: ThreadIndex, unit: number): void {
    const events = arrayOf(profile['events'], `"events" of profile ${index}`);
    const open: { frame: unknown; stack: StackId }[] = [];
    let before = Number.NEGATIVE_INFINITY;
    events.forEach((event, row) => {
      const where = `event ${row} of profile ${index}`;
      const { type, frame, at } = isObject(event) ? event : {};
      const time = numberOf(at, `"at" of ${where}`);
      if (time < before) throw invalid(`${where} is earlier than the one before`);
      const top = open.at(-1);
      if (top && time > before) {
        const weight = this.#scaled(time - before, unit, where);
        if (weight !== undefined) {
          this.#builder.addSample({ stack: top.stack, weight, thread, timeNs: before * unit });
        }
      }
      before = time;
      if (type === 'O') {
        const id = this.#frame(frame);
        if (id === undefined) throw invalid(`${where} opens frame ${shown(frame)}, which is none`);
        open.push({ frame, stack: this.#builder.internStack(top?.stack ?? (0 as StackId), id) });
      } else if (type !== 'C') throw invalid(`${where} is of type ${shown(type)}, not O or C`);
      else if (open.pop()?.frame !== frame) {
        throw invalid(`${where} closes frame ${shown(frame)}, which is not the innermost one`);
      }
    });
    if (open.length > 0) {
      throw invalid(
        `profile ${index} ends with ${open.length} frames open; it seems to be cut off`,
      );
    }
  }

  /** A weight in whole nanoseconds, or a count. */
  #scaled(value: unknown, unit: number, where: string): number | undefined {
    const weight = typeof value === 'number' ? Math.round(value * unit) : Number.NaN;
    if (weight >= 0 && Number.isSafeInteger(weight)) return weight;
    this.#skipped.add(`${where} weighs ${shown(value)}`);
    return undefined;
  }

  #stack(indexes: unknown, where: string): StackId | undefined {
    let stack = 0 as StackId;
    for (const index of arrayOf(indexes, where)) {
      const frame = this.#frame(index);
      if (frame === undefined) {
        this.#skipped.add(`${where} has frame ${shown(index)}, which is none`);
        return undefined;
      }
      stack = this.#builder.internStack(stack, frame);
    }
    return stack;
  }

  #frame(index: unknown): FrameId | undefined {
    return typeof index === 'number' ? this.#frames[index] : undefined;
  }
}
