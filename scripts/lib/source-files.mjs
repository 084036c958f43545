// What the checks over sources share: finding files, blanking comments and texts, finding cycles.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/** Paths below `folder` (from the root) whose name matches, sorted. */
export function listFiles(folder, pattern) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
    .sort();
}

// Comments, then texts and characters, then regular expressions after a character that can't end an
// operand. A C++ digit separator (1'000) is no quote.
const COMMENT_OR_TEXT = new RegExp(
  [
    String.raw`//[^\n]*`,
    String.raw`/\*[^]*?\*/`,
    String.raw`"(?:[^"\\\n]|\\.)*"`,
    String.raw`(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)*'`,
    String.raw`(?<=[=(,:!&|?{};[]\s*)/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/`,
  ].join('|'),
  'g',
);

const DIRECTIVE = /^[ \t]*#[ \t]*(?:include|pragma|define|undef|if|el|endif|error)(?:.*\\\n)*.*/gm;

/** The text with comments, literals and directives blanked, line breaks kept; templates stay. */
export function blankLiterals(text) {
  const blank = (match) => match.replace(/[^\n]/g, ' ');
  return text.replace(COMMENT_OR_TEXT, blank).replace(DIRECTIVE, blank);
}

/** The text with comments only blanked. */
export function blankComments(text) {
  return text.replace(COMMENT_OR_TEXT, (match) =>
    /^\/[/*]/.test(match) ? match.replace(/[^\n]/g, ' ') : match,
  );
}

/**
 * Functions of brace-language text, as { name, line, lines }: a block that follows `)` or `=>` and is
 * no control statement. Rough, but it needs no parser; inner functions count on their own as well.
 */
export function findFunctions(text) {
  const code = blankLiterals(text);
  const functions = [];
  const open = [];
  let line = 1;
  for (let at = 0; at < code.length; at++) {
    const c = code[at];
    if (c === '\n') line++;
    if (c === '{') open.push({ line, name: functionName(code.slice(Math.max(0, at - 400), at)) });
    if (c !== '}') continue;
    const block = open.pop();
    if (block?.name) {
      functions.push({ name: block.name, line: block.line, lines: line - block.line + 1 });
    }
  }
  return functions;
}

function functionName(before) {
  const head = before.slice(Math.max(before.lastIndexOf(';'), before.lastIndexOf('}')) + 1);
  if (
    /\b(?:if|for|while|switch|catch)\b[^{]*\)\s*$/.test(head) ||
    !/(?:\)|=>)[^(){}=]*$/.test(head)
  ) {
    return null;
  }
  if (/^\W*\((?:function\s*)?\(\)\s*(?:=>)?\s*$/.test(head)) return null; // wraps a whole script
  const names = [...head.matchAll(/([\w:~]+)\s*(?:<[^<>()]*>)?\s*\(|(\w+)\s*=\s*(?:async\s*)?\(/g)];
  return names[0]?.[1] ?? names[0]?.[2] ?? '(anonymous function)';
}

/** One cycle of the graph (Map of name to Set of names) as a list of names, or null. */
export function findCycle(graph) {
  const done = new Set();
  const path = [];
  const visit = (node) => {
    if (done.has(node)) return null;
    const start = path.indexOf(node);
    if (start >= 0) return [...path.slice(start), node];
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(node);
    return null;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return null;
}
