import type { FrameNameOptions } from '../model/frame-names.ts';
import type { ProfileData } from '../model/profile-data.ts';

/** How a profile is written; each format uses what it has a place for. */
export interface EncodeOptions extends FrameNameOptions {
  /** Root every stack with its thread. @default false */
  readonly threads?: boolean | undefined;
  /** What is counted: the weight (CPU or elapsed time), or samples. @default 'weight' */
  readonly metric?: 'weight' | 'samples' | undefined;
}

/** How a file is read. */
export interface DecodeOptions {
  /** Skip and count what can't be read, instead of failing. @default false */
  readonly lenient?: boolean | undefined;
}

/** One file format. */
export interface ProfileFormat {
  /** The name users give it. */
  readonly name: string;
  /** Ends of file names, with their dots, in lower case. */
  readonly extensions: readonly string[];
  /** Whether bytes look like this format, given their beginning and all of them; absent when they never tell. */
  readonly matches?: (head: Uint8Array, bytes: Uint8Array) => boolean;
  /** @throws SigprofError ERR_SIGPROF_INVALID_PROFILE */
  readonly decode?: (bytes: Uint8Array, options: DecodeOptions) => ProfileData;
  /** Yields the file piece by piece: a profile may be larger than the longest string. */
  readonly encode?: (profile: ProfileData, options: EncodeOptions) => Iterable<string | Uint8Array>;
}
