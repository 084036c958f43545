// Colours of boxes. A frame's colour follows from its text alone, so it is the same in every picture, SVG or HTML.

import type { FrameCategory } from '../model/frame-category.ts';
import { hashText } from '../model/text.ts';

/** Shades within a category. */
const SHADES = 6;
/** Steps over a range of hues. */
const HUES = 18;

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

/** Ranges of hues under the names other tools gave them. */
const HUE_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  hot: [0, 52],
  mem: [95, 160],
  io: [190, 240],
  red: [350, 372],
  green: [90, 140],
  blue: [205, 240],
  aqua: [168, 192],
  yellow: [46, 64],
  purple: [270, 310],
  orange: [22, 42],
};

/** Palettes of flamegraph.pl that tell apart what categories do, or that come close to a range of hues. */
const ALIASES: Readonly<Record<string, string>> = {
  java: 'category',
  js: 'category',
  perl: 'category',
  python: 'category',
  rust: 'category',
  chain: 'aqua',
  wakeup: 'aqua',
};

export type Theme = 'light' | 'dark';

/** By category; by package or file; or a range of hues; then other names of these. */
export const paletteNames: readonly string[] = [
  'category',
  'package',
  ...Object.keys(HUE_RANGES),
  ...Object.keys(ALIASES),
];

/** The palette of that name; undefined when there is none. */
export function paletteNamed(name: string): string | undefined {
  return ALIASES[name] ?? (paletteNames.includes(name) ? name : undefined);
}

/** All categories in the order of the legend. */
export const categories: readonly FrameCategory[] = Object.keys(CATEGORIES) as FrameCategory[];

/** What the legend calls a category. */
export function categoryWords(category: FrameCategory): string {
  return CATEGORIES[category].words;
}

/** The class of a box. */
export function boxClass(palette: string, category: FrameCategory, text: string): string {
  if (palette in HUE_RANGES) return `h${hashText(text) % HUES}`;
  if (palette === 'package' && category !== 'special') return `k${hashText(place(text)) % HUES}`;
  return `${CATEGORIES[category].letter}${hashText(text) % SHADES}`;
}

/** The class of a category's swatch. */
export function swatchClass(category: FrameCategory): string {
  return `${CATEGORIES[category].letter}2`;
}

/** The package a frame lies in, else its file, else its name. */
function place(text: string): string {
  const inPackage = /node_modules\/((?:@[^/()]+\/)?[^/()]+)/.exec(text)?.[1];
  if (inPackage !== undefined) return inPackage;
  const path = /\(([^()]+?)(?::\d+){0,2}\)$/.exec(text)?.[1];
  if (path !== undefined) return path;
  return /\[[^[\]]+\]$/.exec(text)?.[0] ?? text;
}

/** The fills of all classes of a palette. Dark text stands on those of the light theme, light text on the others. */
export function fills(palette: string, theme: Theme): Map<string, string> {
  const all = new Map<string, string>();
  const range = HUE_RANGES[palette];
  for (let step = 0; step < HUES; step++) {
    const bright = (step % 3) * 0.04;
    const [from, to] = range ?? [0, 340];
    const hue = from + ((to - from) * step) / (HUES - 1);
    if (range) all.set(`h${step}`, fill(hue, 80, bright, theme));
    else if (palette === 'package') all.set(`k${step}`, fill(hue, 60, bright, theme));
  }
  for (const { letter, hue, saturation } of Object.values(CATEGORIES)) {
    for (let shade = 0; shade < SHADES; shade++) {
      const turn = (shade % 3) * 5 - 5;
      all.set(`${letter}${shade}`, fill(hue + turn, saturation, shade * 0.026, theme));
    }
  }
  return all;
}

/** The fills as a style sheet. */
export function paletteCss(palette: string, theme: Theme): string {
  return [...fills(palette, theme)].map(([name, hex]) => `.${name}{fill:${hex}}`).join('');
}

/** A colour by hue (degrees) and saturation (percent) that leaves text readable; `brighter` from 0 to 0.15. */
export function fill(hue: number, saturation: number, brighter: number, theme: Theme): string {
  return theme === 'light'
    ? hslToHex(hue, saturation, 66 + brighter * 100)
    : hslToHex(hue, saturation * 0.62, 27 + brighter * 70);
}

/** A colour as CSS takes it. */
export function hslToHex(hue: number, saturation: number, lightness: number): string {
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
