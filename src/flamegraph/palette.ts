import type { FrameCategory } from '../model/frame-names.ts';
import { hashText } from '../model/text.ts';

/** Shades within a category; a frame has the same one in every picture. */
const SHADES = 6;

interface CategoryColour {
  /** One letter, for short class names. */
  readonly letter: string;
  readonly words: string;
  readonly hue: number;
  readonly saturation: number;
}

/** In the order of the legend. */
const CATEGORIES: Readonly<Record<FrameCategory, CategoryColour>> = {
  app: { letter: 'a', words: 'your code', hue: 32, saturation: 88 },
  package: { letter: 'p', words: 'packages', hue: 208, saturation: 70 },
  node: { letter: 'n', words: 'Node core', hue: 130, saturation: 45 },
  builtin: { letter: 'b', words: 'builtins', hue: 178, saturation: 50 },
  wasm: { letter: 'w', words: 'wasm', hue: 265, saturation: 65 },
  regexp: { letter: 'r', words: 'regexp', hue: 322, saturation: 60 },
  native: { letter: 'c', words: 'native', hue: 2, saturation: 65 },
  gc: { letter: 'g', words: 'GC', hue: 68, saturation: 55 },
  special: { letter: 's', words: 'other', hue: 220, saturation: 8 },
};

/** All categories in the order of the legend. */
export const categories: readonly FrameCategory[] = Object.keys(CATEGORIES) as FrameCategory[];

/** What the legend calls a category. */
export function categoryWords(category: FrameCategory): string {
  return CATEGORIES[category].words;
}

/** The class of a frame's box: its category, and a shade by which neighbours differ and which its text alone decides. */
export function boxClass(category: FrameCategory, text: string): string {
  return `${CATEGORIES[category].letter}${hashText(text) % SHADES}`;
}

/** The class of a category's swatch. */
export function swatchClass(category: FrameCategory): string {
  return `${CATEGORIES[category].letter}2`;
}

/** Fills of all classes; dark text stands on the light ones, light text on the dark ones. */
export function paletteCss(theme: 'light' | 'dark'): string {
  const rules: string[] = [];
  for (const { letter, hue, saturation } of Object.values(CATEGORIES)) {
    for (let shade = 0; shade < SHADES; shade++) {
      const turn = (shade % 3) * 5 - 5;
      const lightness = theme === 'light' ? 66 + shade * 2.6 : 27 + shade * 1.8;
      const strength = theme === 'light' ? saturation : saturation * 0.62;
      rules.push(`.${letter}${shade}{fill:${hslToHex(hue + turn, strength, lightness)}}`);
    }
  }
  return rules.join('');
}

function hslToHex(hue: number, saturation: number, lightness: number): string {
  const l = lightness / 100;
  const spread = (saturation / 100) * Math.min(l, 1 - l);
  const channel = (offset: number) => {
    const k = (offset + (((hue % 360) + 360) % 360) / 30) % 12;
    const value = l - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
