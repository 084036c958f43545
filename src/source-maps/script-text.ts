import { useRegularFile } from './regular-file.ts';

/** A place in a script, 1-based. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Scripts larger than this are not read for names. */
const LARGEST_BYTES = 64 * 1024 * 1024;
const CLASS = /\bclass\s+([\w$]+)|(?<![\w$.])([\w$]+)\s*=\s*class\b/dg;

/** A script's text as it runs, and where its classes have their names. */
export class ScriptText {
  readonly #lines: readonly string[];
  #classes: Map<string, TextPlace[]> | undefined;

  constructor(text: string) {
    // Line ends are V8's.
    this.#lines = text.replace(/^\ufeff/, '').split(/\r\n|[\n\r\u2028\u2029]/);
  }

  /** Reads a script; one that can't be read has no lines. */
  static read(path: string): ScriptText {
    const text = useRegularFile(path, ({ stats, read }) =>
      stats.size > LARGEST_BYTES ? undefined : read(0, stats.size).toString('utf8'),
    );
    return new ScriptText(text ?? '');
  }

  /** At most `length` units of a line in front of a place; undefined when there is no such line. */
  before({ line, column }: TextPlace, length: number): string | undefined {
    return this.#lines[line - 1]?.slice(Math.max(0, column - 1 - length), column - 1);
  }

  /** Where the class of that name is defined that begins last before a place. */
  classBefore(name: string, { line, column }: TextPlace): TextPlace | undefined {
    this.#classes ??= findClasses(this.#lines);
    return this.#classes
      .get(name)
      ?.findLast((place) => place.line < line || (place.line === line && place.column < column));
  }
}

function findClasses(lines: readonly string[]): Map<string, TextPlace[]> {
  const classes = new Map<string, TextPlace[]>();
  lines.forEach((text, index) => {
    for (const { indices } of text.matchAll(CLASS)) {
      const range = indices?.[1] ?? indices?.[2];
      if (range === undefined) continue;
      const [start, end] = range;
      const name = text.slice(start, end);
      const places = classes.get(name) ?? [];
      places.push({ line: index + 1, column: start + 1 });
      classes.set(name, places);
    }
  });
  return classes;
}
