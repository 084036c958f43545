// The name a function had before a minifier or a bundler changed it. Maps tell what single words of a script were called;
// which word is the function's name is seen in the script itself. Where it is not seen, V8's name stays.

import type { ScriptMap } from './script-map.ts';
import type { ScriptText, TextPlace } from './script-text.ts';

/** A function as V8 names it, at the place where its parameters begin. */
export interface NamedPlace extends TextPlace {
  readonly name: string;
}

/** How far from its parameters a function's name may stand: behind it are `= async function*` and blanks. */
const NAME_REACH = 400;
const IDENTIFIER = /^#?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const BEFORE_PARAMETERS = '\\s*(?:[=:]\\s*)?(?:async\\b\\s*)?(?:function\\b\\s*\\*?\\s*)?$';

/** V8's name of a function with the words changed back: `Class.method` word by word. */
export function originalName(fn: NamedPlace, map: ScriptMap, text: ScriptText): string {
  const words = fn.name.split('.');
  const own = words.pop() as string;
  const owner = words.length === 1 ? (words[0] as string) : undefined;
  if (fn.column <= 0 || !IDENTIFIER.test(own)) return fn.name;
  const before = text.before(fn, NAME_REACH);
  if (before === undefined) return fn.name;
  const found = new RegExp(
    `(?<![\\w$#])(?:([\\w$]+)\\.)?(${escapeName(own)})${BEFORE_PARAMETERS}`,
    'd',
  ).exec(before);
  const nameAt = (index: number | undefined) =>
    index === undefined ? undefined : map.nameAt(fn.line, fn.column - before.length + index);
  // A class is called like its constructor, in front of whose parameters stands another word.
  const ownName =
    found === null ? classNameOf(own, fn, map, text) : nameAt(found.indices?.[2]?.[0]);
  const ownerName =
    owner === undefined
      ? undefined
      : found?.[1] === owner
        ? nameAt(found.indices?.[1]?.[0])
        : classNameOf(owner, fn, map, text);
  return [...(owner === undefined ? words : [ownerName ?? owner]), ownName ?? own].join('.');
}

function classNameOf(
  name: string,
  place: TextPlace,
  map: ScriptMap,
  text: ScriptText,
): string | undefined {
  const at = text.classBefore(name, place);
  return at === undefined ? undefined : map.nameAt(at.line, at.column);
}

function escapeName(name: string): string {
  return name.replaceAll('$', '\\$');
}
