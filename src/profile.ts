import { constants } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeFlameHtml } from './flamegraph/html-writer.ts';
import type { FlameGraphOptions } from './flamegraph/options.ts';
import { writeFlameSvg } from './flamegraph/svg-writer.ts';
import { writeFileAtomically } from './formats/atomic-file.ts';
import { decodeCollapsed } from './formats/collapsed-decoder.ts';
import { encodeCollapsed } from './formats/collapsed-encoder.ts';
import { encodeCpuProfile } from './formats/cpuprofile-encoder.ts';
import { splitFoldedPair } from './formats/folded-pair.ts';
import { gunzip, isGzip } from './formats/gzip.ts';
import { invalid } from './formats/invalid.ts';
import { encodePprof } from './formats/pprof-encoder.ts';
import type { DecodeOptions, EncodeOptions, ProfileFormat } from './formats/profile-format.ts';
import {
  detectFormat,
  formatByExtension,
  formatByName,
  profileFormats,
} from './formats/registry.ts';
import { encodeSpeedscope } from './formats/speedscope-encoder.ts';
import { type CallEdge, type CallNeighbors, findNeighbors } from './model/call-edges.ts';
import type { DiffOptions, ProfileDiff } from './model/diff/diff-types.ts';
import { diffProfiles } from './model/diff/profile-diff.ts';
import { SigprofError } from './model/errors.ts';
import { type FilterOptions, filterProfile } from './model/filter.ts';
import type { FrameNameOptions } from './model/frame-names.ts';
import {
  type FunctionTotals,
  type FunctionTotalsOptions,
  sumByFunction,
} from './model/function-totals.ts';
import { findHotPaths, type HotPath, type HotPathOptions } from './model/hot-paths.ts';
import { type LineTotals, sumByLine } from './model/line-totals.ts';
import { mergeProfiles } from './model/merge.ts';
import type { FramePattern } from './model/pattern.ts';
import {
  type ProfileCounters,
  type ProfileData,
  type ProfileMeta,
  type ProfileTotals,
  sumSamples,
  type Thread,
} from './model/profile-data.ts';
import { splitThreads } from './model/split-threads.ts';
import { mapProfile } from './source-maps/map-profile.ts';
import { SourceMapper } from './source-maps/source-mapper.ts';

export { paletteNames } from './flamegraph/palette.ts';
export type { DecodeOptions, EncodeOptions } from './formats/profile-format.ts';
export type { CallEdge, CallNeighbors } from './model/call-edges.ts';
export type {
  Change,
  DiffNormalization,
  DiffOptions,
  DiffSide,
  FunctionDiff,
  ProfileDiff,
} from './model/diff/diff-types.ts';
export type { FilterOptions } from './model/filter.ts';
export type { FrameCategory, FrameNameOptions } from './model/frame-names.ts';
export { type FunctionIdentity, functionLabel } from './model/function-rows.ts';
export type {
  CostTotals,
  FunctionTotals,
  FunctionTotalsOptions,
  SortKey,
} from './model/function-totals.ts';
export type { HotPath, HotPathOptions } from './model/hot-paths.ts';
export type { LineTotals } from './model/line-totals.ts';
export type { FramePattern } from './model/pattern.ts';
export type { ProfileCounters, ProfileMeta, ProfileTotals, Thread } from './model/profile-data.ts';

/** What {@link Profile.read} needs to know about its input. */
export interface ReadOptions extends DecodeOptions {
  /** The format's name. @default told by the content, then by the name */
  readonly format?: string | undefined;
  /** The file's name, where bytes are given: its extension tells the format when the content does not. */
  readonly fileName?: string | undefined;
  /**
   * Show scripts that have a source map as their sources: the maps are read when something is first asked of the profile
   * that names functions. @default true
   */
  readonly sourceMaps?: boolean | undefined;
}

/** How a flame graph is drawn. */
export interface PictureOptions extends Omit<FlameGraphOptions, 'base'> {
  /** The profile to compare with; colours then tell how each share changed. */
  readonly base?: Profile | undefined;
}

/** How a profile is written to a file or a stream. */
export interface WriteOptions extends EncodeOptions, PictureOptions {
  /** The format's name. @default by the path's extension */
  readonly format?: string | undefined;
}

/** Pictures are written like any other file; they can't be read back. */
const pictureFormats: readonly ProfileFormat[] = [
  {
    name: 'flamegraph',
    extensions: ['.svg'],
    encode: (profile, options) => writeFlameSvg(profile, options),
  },
  {
    name: 'html',
    extensions: ['.html', '.htm'],
    encode: (profile, options) => writeFlameHtml(profile, options),
  },
];

const writableFormats: readonly ProfileFormat[] = [...pictureFormats, ...profileFormats].filter(
  (format) => format.encode !== undefined,
);

/**
 * A finished profile. Profiles never change: what transforms one returns another.
 *
 * @example
 * const profile = Profile.read('app.sigprof');
 * await profile.filter({ exclude: ['node:internal'] }).write('app.svg');
 */
export class Profile {
  readonly #recorded: ProfileData;
  #mapped: ProfileData | undefined;
  #totals: ProfileTotals | undefined;

  /** Wraps the tables of a recording; users get profiles from `Profiler`, `profile()` or {@link Profile.read}. */
  constructor(data: ProfileData, { sourceMaps = false }: Pick<ReadOptions, 'sourceMaps'> = {}) {
    this.#recorded = data;
    if (!sourceMaps) this.#mapped = data;
  }

  /**
   * Reads a profile from its bytes or from a file, also a gzipped one: `.sigprof`, folded stacks, speedscope, .cpuprofile,
   * pprof, and V8's tick log as `node --prof-process --preprocess` writes it.
   * @throws SigprofError ERR_SIGPROF_UNKNOWN_FORMAT, ERR_SIGPROF_INVALID_PROFILE
   */
  static read(source: string | URL | Uint8Array | ArrayBuffer, options: ReadOptions = {}): Profile {
    const path = source instanceof URL ? fileURLToPath(source) : source;
    if (typeof path !== 'string') {
      return Profile.#decode(path instanceof Uint8Array ? path : new Uint8Array(path), '', options);
    }
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SigprofError('ERR_SIGPROF_INVALID_PROFILE', `can't read ${path}: ${reason}`, {
        cause,
      });
    }
    return Profile.#decode(bytes, path, options);
  }

  /**
   * Reads folded stacks with two counts a line, as difffolded.pl writes them: before and after. Undefined for any other file.
   * @throws SigprofError as {@link Profile.read}
   */
  static readPair(
    source: Uint8Array,
    options: DecodeOptions = {},
  ): { readonly base: Profile; readonly next: Profile } | undefined {
    const bytes = isGzip(source) ? gunzip(source) : source;
    const pair = splitFoldedPair(bytes, options);
    if (pair === undefined) return undefined;
    const read = (side: Uint8Array) => new Profile(decodeCollapsed(side, options));
    return { base: read(pair.base), next: read(pair.next) };
  }

  /** What was recorded, and how. */
  get meta(): ProfileMeta {
    return (this.#mapped ?? this.#recorded).meta;
  }

  /** Totals counted while recording, losses by reason among them. */
  get counters(): ProfileCounters {
    return this.#recorded.counters;
  }

  get threads(): readonly Thread[] {
    return this.#recorded.threads;
  }

  /** Weight and number of all samples. */
  get totals(): ProfileTotals {
    this.#totals ??= sumSamples(this.#recorded.samples);
    return this.#totals;
  }

  /** What was wrong with the input or with source maps and could be lived with; one line each. */
  get warnings(): readonly string[] {
    return this.#data.warnings;
  }

  /** The text of a source, named as in {@link lines}, where the source map carries it. */
  sourceText(script: string): string | undefined {
    return this.#data.sourceTexts?.get(script);
  }

  /** Folded stacks, counted in microseconds, or in samples with `metric: 'samples'`. */
  toCollapsed(options: EncodeOptions = {}): string {
    return join(encodeCollapsed(this.#data, options));
  }

  /** A flame graph as one HTML page, with a table of functions and a sandwich view; it needs nothing else. */
  toHtml(options: PictureOptions = {}): string {
    return join(writeFlameHtml(this.#data, withBaseData(options, Profile.#dataOf(options.base))));
  }

  /** speedscope's JSON, as text; `encode('speedscope')` gives it in pieces. */
  toSpeedscope(options: EncodeOptions = {}): string {
    return join(encodeSpeedscope(this.#data, options));
  }

  /** A .cpuprofile, as text; `encode('cpuprofile')` gives it in pieces. */
  toCpuProfile(options: EncodeOptions = {}): string {
    return join(encodeCpuProfile(this.#data, options));
  }

  /** A gzipped pprof profile. */
  toPprof(options: EncodeOptions = {}): Uint8Array {
    return Buffer.concat([...encodePprof(this.#data, options)]);
  }

  /** A flame graph as SVG text. */
  toFlameGraph(options: PictureOptions = {}): string {
    return join(writeFlameSvg(this.#data, withBaseData(options, Profile.#dataOf(options.base))));
  }

  /**
   * The bytes of a file in any writable format, piece by piece.
   * @throws SigprofError ERR_SIGPROF_UNKNOWN_FORMAT
   */
  encode(format: string, options: WriteOptions = {}): Iterable<string | Uint8Array> {
    const encode = formatByName(format, writableFormats).encode;
    return encode?.(this.#data, withBaseData(options, Profile.#dataOf(options.base))) ?? [];
  }

  /**
   * Writes a file; it appears whole or not at all, readable by its owner only. The format follows the extension: `.svg`,
   * `.html`, `.collapsed`, `.folded`, `.txt`, `.speedscope.json`, `.cpuprofile`, `.pb.gz`, `.pprof`, `.sigprof`.
   * @throws SigprofError ERR_SIGPROF_UNKNOWN_FORMAT, ERR_SIGPROF_OUTPUT
   */
  async write(path: string, options: WriteOptions = {}): Promise<void> {
    const format = options.format ?? formatByExtension(path, writableFormats)?.name;
    if (format === undefined) {
      const known = writableFormats.flatMap(({ extensions }) => extensions).join(' ');
      throw new SigprofError(
        'ERR_SIGPROF_UNKNOWN_FORMAT',
        `the name ${path} doesn't tell a format; use one of ${known}, or name the format`,
      );
    }
    await writeFileAtomically(path, this.encode(format, options));
  }

  /**
   * One profile with the samples of this and others.
   * @throws SigprofError ERR_SIGPROF_INVALID_OPTION when their weights count different things
   */
  merge(...others: readonly Profile[]): Profile {
    return new Profile(mergeProfiles([this.#data, ...others.map((other) => other.#data)]));
  }

  /**
   * The profile of the samples whose stacks have a frame that matches an `include` pattern and none that matches an
   * `exclude` pattern.
   * @throws SigprofError ERR_SIGPROF_INVALID_OPTION for a bad pattern
   */
  filter(options: FilterOptions): Profile {
    return new Profile(filterProfile(this.#data, options));
  }

  /**
   * Own and total cost by function, the most expensive first. Weights are in `meta.unit`; recursion counts once.
   * @throws SigprofError ERR_SIGPROF_INVALID_OPTION for a bad pattern
   */
  functions(options: FunctionTotalsOptions = {}): FunctionTotals[] {
    return sumByFunction(this.#data, options);
  }

  /**
   * Own and total cost by source line, the most expensive first. What has no line, such as builtins and garbage
   * collection, is charged to the line that led to it.
   * @throws SigprofError ERR_SIGPROF_INVALID_OPTION for a bad pattern
   */
  lines(options: Omit<FunctionTotalsOptions, 'lines'> = {}): LineTotals[] {
    return sumByLine(this.#data, options);
  }

  /**
   * Who calls some functions, and whom they call: callers and root together, and callees and own time together, add up to
   * the total. A text that is a function's whole name means the functions of that name, any other is a pattern for
   * `name (path:line)`. With `lines`, callers are told apart by the line that calls.
   * @throws SigprofError ERR_SIGPROF_INVALID_OPTION for a bad pattern
   */
  calls(target: FramePattern, options: FrameNameOptions = {}): CallNeighbors {
    return findNeighbors(this.#data, target, options);
  }

  /** Who calls some functions, the largest first; see {@link calls}. */
  callers(target: FramePattern, options: FrameNameOptions = {}): readonly CallEdge[] {
    return this.calls(target, options).callers;
  }

  /** Whom some functions call, the largest first; see {@link calls}. */
  callees(target: FramePattern, options: FrameNameOptions = {}): readonly CallEdge[] {
    return this.calls(target, options).callees;
  }

  /** The call paths with the largest weight of their own, the largest first; ten unless `limit` says otherwise. */
  hotPaths(options: HotPathOptions = {}): HotPath[] {
    return findHotPaths(this.#data, options);
  }

  /** A profile for each thread that has samples, the heaviest first. */
  byThread(): { readonly thread: Thread; readonly profile: Profile }[] {
    return splitThreads(this.#data).map(({ thread, profile }) => ({
      thread,
      profile: new Profile(profile),
    }));
  }

  /**
   * Compares another profile with this one, function by function, and tells which differences are more than chance.
   * docs/diff.md describes the method and its limits.
   * @throws SigprofError ERR_SIGPROF_INVALID_OPTION when they count different things, or for a wrong option
   */
  diff(next: Profile, options: DiffOptions = {}): ProfileDiff {
    return Profile.compare([this], [next], options);
  }

  /**
   * Compares two groups of recordings, those of `base` and those of `next`. Several recordings of a side show how far runs
   * differ anyway, which two single ones can't.
   * @throws SigprofError ERR_SIGPROF_INVALID_OPTION when a side is empty, when they count different things, or for a wrong option
   */
  static compare(
    base: readonly Profile[],
    next: readonly Profile[],
    options: DiffOptions = {},
  ): ProfileDiff {
    const [firstBase, ...moreBase] = base.map((profile) => profile.#data);
    const [firstNext, ...moreNext] = next.map((profile) => profile.#data);
    if (firstBase === undefined || firstNext === undefined) {
      throw new SigprofError(
        'ERR_SIGPROF_INVALID_OPTION',
        'a comparison needs at least one profile on either side',
      );
    }
    return diffProfiles([firstBase, ...moreBase], [firstNext, ...moreNext], options);
  }

  get #data(): ProfileData {
    if (this.#mapped === undefined) {
      const mapper = new SourceMapper();
      const mapped = mapProfile(this.#recorded, mapper);
      this.#mapped = { ...mapped, warnings: [...mapped.warnings, ...mapper.notes] };
    }
    return this.#mapped;
  }

  static #dataOf(profile: Profile | undefined): ProfileData | undefined {
    return profile === undefined ? undefined : profile.#data;
  }

  static #decode(source: Uint8Array, path: string, options: ReadOptions): Profile {
    const readable = profileFormats.filter((format) => format.decode !== undefined);
    try {
      const bytes = isGzip(source) ? gunzip(source) : source;
      const format =
        options.format === undefined
          ? detectFormat(bytes, (options.fileName ?? path).replace(/\.gz$/i, ''))
          : formatByName(options.format, readable);
      if (bytes.length === 0) throw invalid('it is empty');
      const decode = format.decode as NonNullable<ProfileFormat['decode']>;
      return new Profile(decode(bytes, options), { sourceMaps: options.sourceMaps ?? true });
    } catch (error) {
      if (path === '' || !(error instanceof SigprofError)) throw error;
      throw new SigprofError(error.code, `${path}: ${error.message}`, { cause: error });
    }
  }
}

/** The options of the writers, who know tables only. */
function withBaseData<T extends PictureOptions>(
  options: T,
  base: ProfileData | undefined,
): Omit<T, 'base'> & Pick<FlameGraphOptions, 'base'> {
  return { ...options, base };
}

/** @throws SigprofError ERR_SIGPROF_OUTPUT when it is longer than the longest string */
function join(chunks: Iterable<string>): string {
  const parts: string[] = [];
  let length = 0;
  for (const chunk of chunks) {
    length += chunk.length;
    if (length > constants.MAX_STRING_LENGTH) {
      const mebibytes = Math.floor(constants.MAX_STRING_LENGTH / 2 ** 20);
      throw new SigprofError(
        'ERR_SIGPROF_OUTPUT',
        `the text is longer than the longest string (${mebibytes} Mi characters); use write(), or encode(), which gives it in pieces`,
      );
    }
    parts.push(chunk);
  }
  return parts.join('');
}
