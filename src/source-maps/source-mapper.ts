import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { scriptFile } from '../model/script-paths.ts';
import { findMapUrl } from './map-comment.ts';
import { type RegularFile, useRegularFile } from './regular-file.ts';
import { ScriptMap } from './script-map.ts';

/** Larger than any map in use; V8 itself has no longer strings than half a gigabyte. */
const LARGEST_MAP_BYTES = 128 * 1024 * 1024;
/** Maps of one profile together: what is decoded takes several times as much. */
const LARGEST_SUM_BYTES = 256 * 1024 * 1024;

type Failure = 'missing' | 'broken' | 'too large' | 'not local';

/** Finds the source maps of scripts and keeps them, so that each is read once. Nothing is ever fetched from a network. */
export class SourceMapper {
  readonly #maps = new Map<string, ScriptMap | undefined>();
  readonly #failures: { readonly failure: Failure; readonly name: string }[] = [];
  readonly #changed: string[] = [];
  #named = 0;
  #bytes = 0;

  /**
   * The map that a script's file names in its last comment; undefined when it names none, or none that can be used, which is
   * counted.
   * @param script as V8 names it
   * @param cwd the profiled program's working directory
   * @param recordedMs when it was recorded, to tell files that changed since
   */
  mapOf(script: string, cwd: string | undefined, recordedMs?: number): ScriptMap | undefined {
    const path = scriptFile(script, cwd);
    if (path === undefined) return undefined;
    if (!this.#maps.has(path)) this.#maps.set(path, this.#load(path, recordedMs));
    return this.#maps.get(path);
  }

  /** What people should know about the maps, one line each. */
  get notes(): string[] {
    const notes: string[] = [];
    const [first] = this.#failures;
    if (first !== undefined) {
      const count = (failure: Failure) =>
        this.#failures.filter((one) => one.failure === failure).length;
      const kinds = (['missing', 'broken', 'too large', 'not local'] as const)
        .filter((failure) => count(failure) > 0)
        .map((failure) => `${count(failure)} ${failure}`);
      notes.push(
        `${this.#failures.length} of ${this.#named} source maps could not be used (${kinds.join(', ')}), ` +
          `their scripts show as compiled; the first: ${first.name}`,
      );
    }
    const [changed] = this.#changed;
    if (changed !== undefined) {
      notes.push(
        `${this.#changed.length} of ${this.#named} scripts or source maps changed after the recording, ` +
          `their lines and names may be others; the first: ${changed}`,
      );
    }
    return notes;
  }

  #load(path: string, recordedMs = Number.POSITIVE_INFINITY): ScriptMap | undefined {
    const script = useRegularFile(path, (file) => ({
      url: findMapUrl(file),
      changedMs: file.stats.mtimeMs,
    }));
    if (script?.url === undefined) return undefined;
    this.#named++;
    const found = this.#read(path, script.url);
    if (found === undefined) return undefined;
    if (Math.max(script.changedMs, found.changedMs) > recordedMs) this.#changed.push(path);
    return found.map;
  }

  #read(script: string, url: string): { map: ScriptMap; changedMs: number } | undefined {
    const isInline = /^data:/i.test(url);
    const path = isInline ? script : mapFile(url, script);
    if (path === undefined) return this.#fail('not local', `that of ${script}`);
    const text = isInline ? inlineText(url) : this.#readFile(path);
    if (text === undefined) return this.#fail(isInline ? 'broken' : 'missing', path);
    if (text === 'too large') return this.#fail('too large', path);
    try {
      // Some servers want JSON to begin with what no script can; maps made for them do.
      const json: unknown = JSON.parse(text.text.replace(/^\)\]\}'[^\n]*\n/, ''));
      return { map: new ScriptMap(json, dirname(path)), changedMs: text.changedMs };
    } catch {
      // Not what the parser says: that would quote from a file that anything may have named.
      return this.#fail('broken', path);
    }
  }

  #readFile(path: string): { text: string; changedMs: number } | 'too large' | undefined {
    return useRegularFile(path, (file: RegularFile) => {
      const { size, mtimeMs } = file.stats;
      if (size > LARGEST_MAP_BYTES || this.#bytes + size > LARGEST_SUM_BYTES) return 'too large';
      this.#bytes += size;
      return { text: file.read(0, size).toString('utf8'), changedMs: mtimeMs };
    });
  }

  #fail(failure: Failure, name: string): undefined {
    this.#failures.push({ failure, name });
    return undefined;
  }
}

/** The file a comment names, relative to its script; undefined for any other URL. */
function mapFile(url: string, script: string): string | undefined {
  try {
    const { protocol, host, href } = new URL(url, pathToFileURL(script));
    return protocol === 'file:' && host === '' ? fileURLToPath(href) : undefined;
  } catch {
    return undefined;
  }
}

function inlineText(url: string): { text: string; changedMs: number } | undefined {
  const match = /^data:[^,]*?(;base64)?,(.*)$/is.exec(url);
  if (match === null) return undefined;
  const [, base64, data = ''] = match;
  try {
    const text = base64 ? Buffer.from(data, 'base64').toString('utf8') : decodeURIComponent(data);
    return { text, changedMs: 0 };
  } catch {
    return undefined;
  }
}
