// Where a text stops to be JSON. V8's own messages name the place in some versions and for some mistakes only.

/** The first mistake of a text that JSON.parse refuses. */
export interface SyntaxProblem {
  /** In UTF-16 units. */
  readonly offset: number;
  readonly reason: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE_UNIT = 0x20;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** Finds it, by reading the text token by token, without recursion. */
export function findSyntaxError(text: string): SyntaxProblem {
  const open: string[] = [];
  let at = 0;
  let expected: 'value' | 'key' | 'end' = 'value';
  let mayClose = false;
  const skip = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.test(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const skipText = () => {
    const end = endOfText(text, at);
    if (end > 0) at = end;
    return end > 0;
  };
  for (;;) {
    skip(SPACE);
    const next = text[at];
    if (next === undefined) {
      const inside = open.length > 0 ? ` with ${open.length} brackets open` : '';
      return { offset: at, reason: `the file ends${inside}; it seems to be cut off` };
    }
    const closing = open.at(-1) === '{' ? '}' : ']';
    if ((expected === 'end' || mayClose) && open.length > 0 && next === closing) {
      open.pop();
      at++;
      expected = 'end';
      mayClose = false;
    } else if (expected === 'end') {
      if (next !== ',' || open.length === 0) return unexpected(text, at);
      at++;
      expected = open.at(-1) === '{' ? 'key' : 'value';
    } else if (expected === 'key') {
      if (!skipText()) return unexpected(text, at);
      skip(SPACE);
      if (text[at] !== ':') return unexpected(text, at);
      at++;
      expected = 'value';
      mayClose = false;
    } else if (next === '{' || next === '[') {
      open.push(next);
      at++;
      expected = next === '{' ? 'key' : 'value';
      mayClose = true;
    } else if (skipText() || skip(NUMBER) || skip(WORD)) {
      expected = 'end';
      mayClose = false;
    } else return unexpected(text, at);
  }
}

/** Behind the closing quote of the string that begins at `start`; 0 when there is no good string. */
function endOfText(text: string, start: number): number {
  if (text[start] !== '"') return 0;
  // No regular expression for the whole: it would run out of stack on strings of megabytes.
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at + 1;
    if (unit < SPACE_UNIT) return 0;
    if (unit !== BACKSLASH) continue;
    ESCAPE.lastIndex = at;
    if (!ESCAPE.test(text)) return 0;
    at = ESCAPE.lastIndex - 1;
  }
  return 0;
}

function unexpected(text: string, offset: number): SyntaxProblem {
  if (offset >= text.length) return { offset, reason: 'the file ends; it seems to be cut off' };
  if (text[offset] === '"') return { offset, reason: 'a string here is not closed or not JSON' };
  const character = JSON.stringify(String.fromCodePoint(text.codePointAt(offset) as number));
  return { offset, reason: `${character} is no JSON at this place` };
}
