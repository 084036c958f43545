// What a user may choose of a picture's looks: it goes into style sheets, so nothing is taken that could end a rule there.

import { SigprofError } from '../model/errors.ts';
import { hslToHex, type Theme } from './palette.ts';

/** Backgrounds by the names flamegraph.pl gave its gradients. */
const BACKGROUNDS: Readonly<Record<string, string>> = {
  yellow: hslToHex(58, 70, 88),
  blue: hslToHex(212, 60, 91),
  green: hslToHex(110, 45, 89),
  grey: '#ececec',
};

/** A background, and the theme whose text can be read on it. */
export interface Background {
  readonly colour: string;
  readonly theme: Theme;
}

/** @throws SigprofError ERR_SIGPROF_INVALID_OPTION */
export function parseBackground(text: string): Background {
  const colour = BACKGROUNDS[text] ?? text;
  const digits = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(colour);
  if (digits === null) {
    const names = Object.keys(BACKGROUNDS).join(', ');
    throw wrong(`a background must be #rrggbb or one of ${names}, got ${JSON.stringify(text)}`);
  }
  const [red = 0, green = 0, blue = 0] = digits.slice(1).map((pair) => Number.parseInt(pair, 16));
  // How bright the eye sees it, by the weights of ITU-R BT.601.
  const isBright = 0.299 * red + 0.587 * green + 0.114 * blue > 128;
  return { colour: colour.toLowerCase(), theme: isBright ? 'light' : 'dark' };
}

/** A family, or several with commas, as CSS takes it. @throws SigprofError ERR_SIGPROF_INVALID_OPTION */
export function parseFontFamily(text: string): string {
  if (/^[\p{L}\p{N} ,_-]{1,200}$/u.test(text)) return text;
  throw wrong(
    `a font must be named by letters, digits, spaces and commas, got ${JSON.stringify(text)}`,
  );
}

function wrong(message: string): SigprofError {
  return new SigprofError('ERR_SIGPROF_INVALID_OPTION', message);
}
