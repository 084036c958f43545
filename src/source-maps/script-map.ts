import {
  decodedMappings,
  FlattenMap,
  type SourceMapSegment,
  TraceMap,
  traceSegment,
} from '@jridgewell/trace-mapping';
import { sourcePath } from './source-paths.ts';

/** A place in an original source, 1-based. */
export interface OriginalPlace {
  /** Row of the map's sources. */
  readonly source: number;
  readonly line: number;
  readonly column: number;
}

// Beyond these a map is no product of a tool: its text is short, what it makes us allocate is not.
const MOST_LINES = 2 ** 21;
const LONGEST_MAPPINGS = 2 ** 25;

/** The source map of one script. Lines and columns of the script are 1-based, as V8's. */
export class ScriptMap {
  readonly #trace: TraceMap;
  readonly #sources: readonly string[];

  /**
   * @param json the map, parsed
   * @param folder where it lies; its sources are relative to that
   * @throws Error when it is no source map
   */
  constructor(json: unknown, folder: string) {
    checkMap(json);
    // Sources are resolved as paths: as URLs, names with "#" or "?" would lose their ends.
    this.#trace = 'sections' in json ? new FlattenMap(json as never) : new TraceMap(json as never);
    this.#sources = this.#trace.resolvedSources.map((source) =>
      source ? sourcePath(source, folder) : '',
    );
  }

  get hasNames(): boolean {
    return this.#trace.names.length > 0;
  }

  /** The only source, where there is just one. */
  get onlySource(): number | undefined {
    return this.#sources.length === 1 && this.#sources[0] !== '' ? 0 : undefined;
  }

  /** Path or URL of a source. */
  pathOf(source: number): string {
    return this.#sources[source] as string;
  }

  /** The text of a source, where the map carries it. */
  textOf(source: number): string | undefined {
    const text: unknown = this.#trace.sourcesContent?.[source];
    return typeof text === 'string' ? text : undefined;
  }

  /** Where a place of the script comes from; column 0 means the first of the line that comes from anywhere. */
  originalPlace(line: number, column: number): OriginalPlace | undefined {
    const segment = column > 0 ? this.#segment(line, column) : this.#firstSegment(line);
    if (segment === undefined || segment.length === 1) return undefined;
    const [, source, originalLine, originalColumn] = segment;
    if (!this.#sources[source]) return undefined;
    return { source, line: originalLine + 1, column: originalColumn + 1 };
  }

  /** The original of the name that stands exactly there. */
  nameAt(line: number, column: number): string | undefined {
    const segment = this.#segment(line, column);
    if (segment?.length !== 5 || segment[0] !== column - 1) return undefined;
    const name: unknown = this.#trace.names[segment[4]];
    return typeof name === 'string' && name !== '' ? name : undefined;
  }

  #segment(line: number, column: number): Readonly<SourceMapSegment> | undefined {
    return line > 0 ? (traceSegment(this.#trace, line - 1, column - 1) ?? undefined) : undefined;
  }

  #firstSegment(line: number): Readonly<SourceMapSegment> | undefined {
    return decodedMappings(this.#trace)[line - 1]?.find((segment) => segment.length > 1);
  }
}

type Json = Readonly<Record<string, unknown>>;

function checkMap(json: unknown): asserts json is Json {
  if (!isObject(json)) throw new Error('it is no object');
  const { sections } = json;
  if (sections === undefined) return checkPlainMap(json);
  if (!Array.isArray(sections)) throw new Error('its sections are no array');
  for (const section of sections) {
    const { offset, map } = section as { offset?: unknown; map?: unknown };
    if (!isObject(offset) || !isPosition(offset['line']) || !isPosition(offset['column'])) {
      throw new Error('a section has no place');
    }
    if (!isObject(map) || 'sections' in map) throw new Error('a section has no map');
    checkPlainMap(map);
  }
}

function checkPlainMap({ version, sources, names, mappings, sourceRoot }: Json): void {
  const isRight =
    Number(version) === 3 &&
    typeof mappings === 'string' &&
    mappings.length <= LONGEST_MAPPINGS &&
    mappings.split(';', MOST_LINES + 1).length <= MOST_LINES &&
    Array.isArray(sources) &&
    sources.every((source) => typeof source === 'string' || source === null) &&
    (names === undefined || Array.isArray(names)) &&
    (sourceRoot === undefined || sourceRoot === null || typeof sourceRoot === 'string');
  if (!isRight) throw new Error('it is no source map of version 3');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPosition(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_LINES;
}
