import { SigprofError } from './errors.ts';

/** Patterns for frames: regular expressions, or the source of one. */
export type FramePattern = string | RegExp;

/**
 * A test whether any of the patterns occurs in a text. A pattern given as text is case-sensitive once it has a capital
 * letter, as in the pictures' search.
 * @throws SigprofError ERR_SIGPROF_INVALID_OPTION when one is no regular expression
 */
export function compilePatterns(patterns: readonly FramePattern[]): (text: string) => boolean {
  const compiled = patterns.map(compilePattern);
  return (text) => compiled.some((pattern) => pattern.test(text));
}

function compilePattern(pattern: FramePattern): RegExp {
  // With the flags g and y a RegExp remembers where it stopped, so the caller's own object can't be used.
  if (pattern instanceof RegExp)
    return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  try {
    return new RegExp(pattern, /\p{Lu}/u.test(pattern) ? 'u' : 'iu');
  } catch {
    return withoutUnicodeMode(pattern);
  }
}

/** Old habits such as `\-` or a lone `{` are errors in unicode mode only. */
function withoutUnicodeMode(pattern: string): RegExp {
  try {
    return new RegExp(pattern, /\p{Lu}/u.test(pattern) ? '' : 'i');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SigprofError(
      'ERR_SIGPROF_INVALID_OPTION',
      `bad pattern ${JSON.stringify(pattern)}: ${reason}`,
      {
        cause,
      },
    );
  }
}
