// Records a fixture program under a Node version and hands out its sampled stacks, frame by frame.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { decodeBatch } from '../../src/model/batch-decoder.ts';
import { FrameNamer } from '../../src/model/frame-names.ts';
import {
  FrameFlag,
  FunctionKind,
  type ProfileCounters,
  type ProfileData,
  SampleFlag,
  type Thread,
} from '../../src/model/profile-data.ts';
import { type Ended, sigprof, TestProcess } from './sigprof-process.ts';

export const TIERS = ['interpreter', 'baseline', 'mid', 'top'] as const;

export interface SampledFrame {
  /** As it reads without `--lines`. */
  readonly text: string;
  readonly name: string;
  readonly script: string;
  readonly kind: FunctionKind;
  /** Executing line; 0 if unknown. */
  readonly line: number;
  readonly definedAt: number;
  readonly isInlined: boolean;
  readonly tier: (typeof TIERS)[number];
}

export interface Sample {
  /** From the root to the leaf. */
  readonly frames: readonly SampledFrame[];
  readonly weightNs: number;
  readonly timeNs: number;
  readonly isInGc: boolean;
}

export interface Recorded {
  readonly ended: Ended;
  /** Of the main thread. */
  readonly samples: readonly Sample[];
  /** Of threads without JavaScript. */
  readonly nativeSamples: readonly Sample[];
  readonly counters: ProfileCounters;
}

export interface RecordOptions {
  readonly folder: string;
  readonly version: string;
  readonly args?: readonly string[];
  readonly nodeFlags?: readonly string[];
  readonly rateHz?: number;
  /** Of `sigprof record`, beside `-r` and `-o`. */
  readonly recordFlags?: readonly string[];
}

export const program = (name: string) =>
  fileURLToPath(new URL(`../fixtures/programs/${name}`, import.meta.url));

/** Runs a fixture program without a profiler. */
export async function runProgram(name: string, options: RecordOptions): Promise<Ended> {
  const args = [...(options.nodeFlags ?? []), program(name), ...(options.args ?? [])];
  return new TestProcess(await nodeBinary(options.version), args).ended;
}

/** Records a fixture program; throws unless it ended with exit code 0. */
export async function recordProgram(name: string, options: RecordOptions): Promise<Recorded> {
  const file = join(options.folder, 'recorded.sigprof');
  const node = await nodeBinary(options.version);
  const command = [...(options.nodeFlags ?? []), program(name), ...(options.args ?? [])];
  const rate = String(options.rateHz ?? 1000);
  const record = ['record', '-r', rate, '-o', file, ...(options.recordFlags ?? [])];
  const ended = await sigprof([...record, '--', node, ...command]);
  if (ended.code !== 0) throw new Error(`${name} ended with ${ended.code}: ${ended.stderr}`);
  const profile = decodeBatch(new Uint8Array(readFileSync(file)));
  return {
    ended,
    samples: mainThreadSamples(profile),
    nativeSamples: threadSamples(profile, ({ kind }) => kind === 'native'),
    counters: profile.counters,
  };
}

/** The main thread's samples of a recording in a `.sigprof` file. */
export const samplesOf = (file: string) =>
  mainThreadSamples(decodeBatch(new Uint8Array(readFileSync(file))));

/** Samples of the main threads. */
export const mainThreadSamples = (profile: ProfileData): Sample[] =>
  threadSamples(profile, ({ kind }) => kind === 'main');

/** Samples of the threads that pass. */
export function threadSamples(profile: ProfileData, passes: (thread: Thread) => boolean): Sample[] {
  const { samples, threads } = profile;
  const stacks = new StackReader(profile);
  const found: Sample[] = [];
  for (let row = 0; row < samples.length; row++) {
    const thread = threads[samples.thread[row] as number];
    if (thread === undefined || !passes(thread)) continue;
    found.push({
      frames: stacks.framesOf(samples.stack[row] as number),
      weightNs: samples.weight[row] as number,
      timeNs: samples.timeNs[row] as number,
      isInGc: ((samples.flags[row] as number) & SampleFlag.garbageCollection) !== 0,
    });
  }
  return found;
}

class StackReader {
  readonly #profile: ProfileData;
  readonly #namer: FrameNamer;
  readonly #frames = new Map<number, SampledFrame>();
  readonly #stacks = new Map<number, readonly SampledFrame[]>([[0, []]]);

  constructor(profile: ProfileData) {
    this.#profile = profile;
    this.#namer = new FrameNamer(profile, { fullFilenames: true });
  }

  framesOf(stack: number): readonly SampledFrame[] {
    let frames = this.#stacks.get(stack);
    if (frames === undefined) {
      const { stacks } = this.#profile;
      const callers = this.framesOf(stacks.parent[stack] as number);
      frames = [...callers, this.#frame(stacks.frame[stack] as number)];
      this.#stacks.set(stack, frames);
    }
    return frames;
  }

  #frame(id: number): SampledFrame {
    const known = this.#frames.get(id);
    if (known !== undefined) return known;
    const { frames, functions, strings } = this.#profile;
    const fn = frames.function[id] as number;
    const flags = frames.flags[id] as number;
    const frame: SampledFrame = {
      text: this.#namer.frameLabel(id).text,
      name: this.#namer.functionName(fn).name,
      script: strings[functions.script[fn] as number] as string,
      kind: functions.kind[fn] as FunctionKind,
      line: frames.line[id] as number,
      definedAt: functions.line[fn] as number,
      isInlined: (flags & FrameFlag.inlined) !== 0,
      tier: TIERS[(flags & FrameFlag.tierMask) >> FrameFlag.tierShift] as SampledFrame['tier'],
    };
    this.#frames.set(id, frame);
    return frame;
  }
}

/** Sum of the weights of the samples that pass. */
export function weightOf(samples: readonly Sample[], passes: (sample: Sample) => boolean): number {
  return samples.reduce((sum, sample) => (passes(sample) ? sum + sample.weightNs : sum), 0);
}

/** The JavaScript frames of a stack, and nothing of builtins, collections and the like. */
export function scriptFrames(sample: Sample): readonly SampledFrame[] {
  return sample.frames.filter(({ kind }) => kind === FunctionKind.javascript);
}

/** The innermost JavaScript function of a sample; undefined if there is none. */
export function leafFunction(sample: Sample): SampledFrame | undefined {
  return sample.frames.findLast(({ kind }) => kind === FunctionKind.javascript);
}

export const hasFrame = (name: string) => (sample: Sample) =>
  sample.frames.some((frame) => frame.name === name);

/**
 * Share of the samples, by count of the recording's own counters, whose stack could not be walked to its end or a frame of
 * which was refused.
 */
export function unusableShare({ samples, counters }: Recorded): number {
  const { lost } = counters;
  const reasons = ['unusableStacks', 'truncatedStacks', 'unresolvedFrames', 'unpinned'];
  return reasons.reduce((sum, reason) => sum + (lost[reason] ?? 0), 0) / samples.length;
}
