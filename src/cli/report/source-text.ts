import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of source larger than this is generated, and nobody reads it line by line. */
const LARGEST_BYTES = 16 * 1024 * 1024;
const LONGEST_LINE = 200;

/** Reads the source lines that a profile names, as far as they are there. It never fails: there is text or there is none. */
export class SourceText {
  readonly #cwd: string | undefined;
  readonly #recordedMs: number | undefined;
  readonly #files = new Map<string, readonly string[] | undefined>();
  readonly #changed: string[] = [];

  /**
   * @param cwd the profiled program's working directory
   * @param recordedMs when it was recorded, to tell files that changed since
   */
  constructor(cwd: string | undefined, recordedMs: number | undefined) {
    this.#cwd = cwd;
    this.#recordedMs = recordedMs;
  }

  /** Files whose text may not be what was running. */
  get changed(): readonly string[] {
    return this.#changed;
  }

  /** The text of a line, without the blanks around it; undefined when it can't be read. */
  line(script: string, line: number): string | undefined {
    let lines = this.#files.get(script);
    if (lines === undefined && !this.#files.has(script)) {
      lines = this.#read(script);
      this.#files.set(script, lines);
    }
    const text = lines?.[line - 1]?.trim();
    return text !== undefined && text.length > LONGEST_LINE
      ? `${text.slice(0, LONGEST_LINE)}…`
      : text;
  }

  #read(script: string): readonly string[] | undefined {
    const path = this.#pathOf(script);
    if (path === undefined) return undefined;
    try {
      // Profiles may name anything: a pipe would be waited for without end.
      const stats = statSync(path);
      if (!stats.isFile() || stats.size > LARGEST_BYTES) return undefined;
      const lines = readFileSync(path, 'utf8').split(/\r?\n/);
      if (this.#recordedMs !== undefined && stats.mtimeMs > this.#recordedMs)
        this.#changed.push(path);
      return lines;
    } catch {
      return undefined;
    }
  }

  #pathOf(script: string): string | undefined {
    if (script.startsWith('file:')) {
      try {
        return fileURLToPath(script.replace(/[?#].*$/s, ''));
      } catch {
        return undefined;
      }
    }
    // "node:fs", "[eval]", "evalmachine.<anonymous>", "https://…" and their like are no files.
    if (/^[a-z][a-z0-9+.-]+:/i.test(script) || script.startsWith('[')) return undefined;
    if (isAbsolute(script)) return script;
    return this.#cwd === undefined ? undefined : resolve(this.#cwd, script);
  }
}
