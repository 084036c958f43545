// The comment by which a script names its source map (ECMA-426, "Linking generated code to source maps").

import type { RegularFile } from './regular-file.ts';

const FIRST_READ_BYTES = 64 * 1024;
const COMMENT = /\/\/[#@][ \t]+sourceMappingURL=([^\s'"`]+)[ \t\r]*$/gm;

/**
 * The URL in a script's last `//# sourceMappingURL=` comment, behind which no code follows; undefined when there is none.
 * Reads the end of the file only, and more of it while that is one long word: a map given inline.
 */
export function findMapUrl({ stats, read }: RegularFile): string | undefined {
  for (let bytes = FIRST_READ_BYTES; ; bytes *= 4) {
    const start = Math.max(0, stats.size - bytes);
    const end = read(start, stats.size).toString('utf8');
    const found = lastComment(end);
    if (found !== undefined || start === 0 || !beginsInLongWord(end)) return found;
  }
}

function lastComment(text: string): string | undefined {
  const last = [...text.matchAll(COMMENT)].at(-1);
  if (last === undefined) return undefined;
  const behind = text.slice(last.index + last[0].length).split('\n');
  return behind.every(isNoCode) ? last[1] : undefined;
}

function isNoCode(line: string): boolean {
  return /^\s*(?:$|\/\/|\/\*|\*)/.test(line);
}

function beginsInLongWord(text: string): boolean {
  const blank = text.search(/\s/);
  return blank < 0 || blank > FIRST_READ_BYTES / 2;
}
