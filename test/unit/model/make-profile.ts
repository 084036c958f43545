import { ProfileBuilder } from '../../../src/model/profile-builder.ts';
import {
  FunctionKind,
  type ProfileCounters,
  type ProfileData,
  type ProfileMeta,
  type StackId,
} from '../../../src/model/profile-data.ts';

/** A frame in short: a JavaScript function by name alone, or all that is known about it. */
export type FrameInShort =
  | string
  | {
      readonly name: string;
      readonly script?: string;
      readonly line?: number;
      readonly column?: number;
      readonly kind?: FunctionKind;
      readonly executing?: number;
      readonly executingColumn?: number;
      readonly flags?: number;
    };

export interface SampleInShort {
  /** Root first. */
  readonly frames: readonly FrameInShort[];
  readonly weight?: number;
  readonly ticks?: number;
  readonly thread?: number;
}

/** A profile of the given samples; the thread's number is its tid, 0 being the main thread. */
export function makeProfile(
  samples: readonly SampleInShort[],
  meta: Partial<ProfileMeta> = {},
  counters?: ProfileCounters,
): ProfileData {
  const builder = new ProfileBuilder();
  const tids = [...new Set([0, ...samples.map(({ thread = 0 }) => thread)])];
  const threads = new Map(
    tids.map((tid) => [
      tid,
      builder.addThread({ tid, kind: tid === 0 ? 'main' : 'worker', name: '' }),
    ]),
  );
  samples.forEach(({ frames, weight = 1000, ticks = 1, thread = 0 }, index) => {
    let stack = 0 as StackId;
    for (const frame of frames) {
      const given = typeof frame === 'string' ? { name: frame } : frame;
      const { executing = 0, executingColumn = 0, flags = 0, ...others } = given;
      const { kind = FunctionKind.javascript, ...rest } = others;
      const fn = builder.internFunction({ ...rest, kind });
      stack = builder.internStack(
        stack,
        builder.internFrame(fn, executing, executingColumn, flags),
      );
    }
    const index0 = threads.get(thread);
    if (index0 === undefined) throw new Error('unknown thread');
    builder.addSample({ stack, weight, ticks, thread: index0, timeNs: index * 1e6 });
  });
  return builder.build({ unit: 'nanoseconds', mode: 'cpu', ...meta }, counters);
}
