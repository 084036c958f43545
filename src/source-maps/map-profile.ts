import { FunctionKind, type FunctionTable, type ProfileData } from '../model/profile-data.ts';
import { scriptFile } from '../model/script-paths.ts';
import { originalName } from './original-names.ts';
import type { OriginalPlace, ScriptMap } from './script-map.ts';
import { ScriptText } from './script-text.ts';
import type { SourceMapper } from './source-mapper.ts';

/**
 * The profile as its sources were written: functions and executing lines of scripts with a source map get the names and
 * places that the map tells. Samples and stacks stay as they are, and so does what has no map.
 */
export function mapProfile(profile: ProfileData, mapper: SourceMapper): ProfileData {
  if (profile.meta.sourceMaps === true) return profile;
  const tables = new MappedTables(profile, mapper);
  return tables.hasMaps ? tables.finish() : profile;
}

/** A script's map and its text, which is read when a name is looked for. */
class MappedScript {
  readonly map: ScriptMap;
  readonly #path: string;
  #text: ScriptText | undefined;

  constructor(map: ScriptMap, path: string) {
    this.map = map;
    this.#path = path;
  }

  get text(): ScriptText {
    this.#text ??= ScriptText.read(this.#path);
    return this.#text;
  }
}

interface FunctionRow {
  name: number;
  script: number;
  line: number;
  column: number;
  kind: number;
}

const UNKNOWN = 0;

class MappedTables {
  readonly #profile: ProfileData;
  readonly #scripts: ReadonlyMap<number, MappedScript>;
  readonly #strings: string[];
  readonly #stringIds = new Map<string, number>();
  readonly #texts = new Map<string, string>();
  readonly #rows: FunctionRow[];
  /** Where each function's definition comes from; undefined: from nowhere that is known. */
  readonly #origins: (OriginalPlace | undefined)[] = [];
  /** Functions told apart by the source of their executing lines. */
  readonly #parts = new Map<string, number>();

  constructor(profile: ProfileData, mapper: SourceMapper) {
    this.#profile = profile;
    this.#scripts = findMaps(profile, mapper);
    this.#strings = profile.strings.slice();
    this.#rows = rowsOf(profile.functions);
  }

  get hasMaps(): boolean {
    return this.#scripts.size > 0;
  }

  finish(): ProfileData {
    const { frames, functions } = this.#profile;
    for (let fn = 0; fn < functions.length; fn++) this.#mapFunction(fn);
    const fnOfFrame = Uint32Array.from(frames.function);
    const line = Uint32Array.from(frames.line);
    const column = Uint32Array.from(frames.column);
    for (let frame = 0; frame < frames.length; frame++) {
      const fn = fnOfFrame[frame] as number;
      const script = this.#scriptOf(fn);
      if (script === undefined) continue;
      const place = script.map.originalPlace(line[frame] as number, column[frame] as number);
      const origin = this.#origins[fn];
      // Neither is known: both stay those of the script, so that they fit each other.
      if (place === undefined && origin === undefined) continue;
      if (place !== undefined && origin === undefined) {
        fnOfFrame[frame] = this.#part(fn, place, script.map);
      }
      // Inlined by a tool from another source: one frame has one file, that of its function.
      const isElsewhere = origin !== undefined && place?.source !== origin.source;
      const isKnown = place !== undefined && !isElsewhere;
      line[frame] = isKnown ? place.line : UNKNOWN;
      column[frame] = isKnown ? place.column : UNKNOWN;
    }
    const table = tableOf(this.#rows);
    return {
      ...this.#profile,
      meta: { ...this.#profile.meta, sourceMaps: true },
      strings: this.#strings,
      functions: table,
      frames: { ...frames, function: fnOfFrame, line, column },
      sourceTexts: new Map([...(this.#profile.sourceTexts ?? []), ...this.#texts]),
    };
  }

  #scriptOf(fn: number): MappedScript | undefined {
    const { functions } = this.#profile;
    if (functions.kind[fn] !== FunctionKind.javascript) return undefined;
    return this.#scripts.get(functions.script[fn] as number);
  }

  #mapFunction(fn: number): void {
    const script = this.#scriptOf(fn);
    if (script === undefined) return;
    const { map } = script;
    const row = this.#rows[fn] as FunctionRow;
    const origin = isWholeScript(row) ? wholeSource(map) : map.originalPlace(row.line, row.column);
    const name = this.#strings[row.name] as string;
    if (map.hasNames && name !== '') {
      row.name = this.#stringId(originalName({ ...row, name }, map, script.text));
    }
    this.#origins[fn] = origin;
    if (origin === undefined) return;
    row.script = this.#sourceId(origin, map);
    row.line = origin.line;
    row.column = origin.column;
  }

  /** The part of a function whose own place is not known that comes from one source, as the top level of a bundled module. */
  #part(fn: number, place: OriginalPlace, map: ScriptMap): number {
    const key = `${fn},${place.source}`;
    let part = this.#parts.get(key);
    if (part === undefined) {
      const row = this.#rows[fn] as FunctionRow;
      const line = isWholeScript(row) ? 1 : UNKNOWN;
      const script = this.#sourceId(place, map);
      part = this.#rows.push({ ...row, script, line, column: line }) - 1;
      this.#parts.set(key, part);
    }
    return part;
  }

  #sourceId({ source }: OriginalPlace, map: ScriptMap): number {
    const path = map.pathOf(source);
    const text = map.textOf(source);
    if (text !== undefined) this.#texts.set(path, text);
    return this.#stringId(path);
  }

  #stringId(text: string): number {
    let id = this.#stringIds.get(text);
    if (id === undefined) {
      id = this.#strings.push(text) - 1;
      this.#stringIds.set(text, id);
    }
    return id;
  }
}

function findMaps(profile: ProfileData, mapper: SourceMapper): Map<number, MappedScript> {
  const { functions, strings, meta } = profile;
  const found = new Map<number, MappedScript>();
  const isSeen = new Set<number>([0]);
  for (let fn = 0; fn < functions.length; fn++) {
    const script = functions.script[fn] as number;
    if (functions.kind[fn] !== FunctionKind.javascript || isSeen.has(script)) continue;
    isSeen.add(script);
    const name = strings[script] as string;
    const map = mapper.mapOf(name, meta.cwd, meta.startTimeMs);
    const path = scriptFile(name, meta.cwd);
    if (map !== undefined && path !== undefined) found.set(script, new MappedScript(map, path));
  }
  return found;
}

/** V8's function for the code of a script or module itself. */
function isWholeScript({ line, column }: FunctionRow): boolean {
  return line === 1 && column === 1;
}

/** The code of a script comes from all its sources; that is a place only if there is one. */
function wholeSource({ onlySource }: ScriptMap): OriginalPlace | undefined {
  return onlySource === undefined ? undefined : { source: onlySource, line: 1, column: 1 };
}

function rowsOf(functions: FunctionTable): FunctionRow[] {
  return Array.from({ length: functions.length }, (_, fn) => ({
    name: functions.name[fn] as number,
    script: functions.script[fn] as number,
    line: functions.line[fn] as number,
    column: functions.column[fn] as number,
    kind: functions.kind[fn] as number,
  }));
}

function tableOf(rows: readonly FunctionRow[]): FunctionTable {
  return {
    length: rows.length,
    name: Uint32Array.from(rows, ({ name }) => name),
    script: Uint32Array.from(rows, ({ script }) => script),
    line: Int32Array.from(rows, ({ line }) => line),
    column: Int32Array.from(rows, ({ column }) => column),
    kind: Uint8Array.from(rows, ({ kind }) => kind),
  };
}
