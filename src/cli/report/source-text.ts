import { scriptFile } from '../../model/script-paths.ts';
import { useRegularFile } from '../../source-maps/regular-file.ts';

/** A file of source larger than this is generated, and nobody reads it line by line. */
const LARGEST_BYTES = 16 * 1024 * 1024;
const LONGEST_LINE = 200;

/** Reads the source lines that a profile names, as far as they are there. It never fails: there is text or there is none. */
export class SourceText {
  readonly #carried: (script: string) => string | undefined;
  readonly #cwd: string | undefined;
  readonly #recordedMs: number | undefined;
  readonly #files = new Map<string, readonly string[] | undefined>();
  readonly #changed: string[] = [];

  /**
   * @param carried the text of a script, where the profile has it
   * @param cwd the profiled program's working directory
   * @param recordedMs when it was recorded, to tell files that changed since
   */
  constructor(
    carried: (script: string) => string | undefined,
    cwd: string | undefined,
    recordedMs: number | undefined,
  ) {
    this.#carried = carried;
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
    // What a source map carries is what was compiled; a file may have changed since.
    const carried = this.#carried(script);
    if (carried !== undefined) return splitLines(carried);
    const path = scriptFile(script, this.#cwd);
    if (path === undefined) return undefined;
    return useRegularFile(path, ({ stats, read }) => {
      if (stats.size > LARGEST_BYTES) return undefined;
      if (this.#recordedMs !== undefined && stats.mtimeMs > this.#recordedMs)
        this.#changed.push(path);
      return splitLines(read(0, stats.size).toString('utf8'));
    });
  }
}

function splitLines(text: string): readonly string[] {
  return text.split(/\r?\n/);
}
