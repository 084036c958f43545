import { deltaFills } from '../delta.ts';
import { fills } from '../palette.ts';
import type { PictureSettings } from '../settings.ts';

/** What the canvas is painted with. */
export interface Colours {
  readonly boxes: ReadonlyMap<string, string>;
  readonly page: string;
  readonly text: string;
  readonly narrow: string;
  readonly hit: string;
  readonly hitText: string;
  readonly focus: string;
  readonly edge: string;
}

const dark = matchMedia('(prefers-color-scheme: dark)');

/** The colours of the theme that is on. */
export function currentColours({
  palette,
  isComparison,
  isSwapped,
  background,
}: PictureSettings): Colours {
  const theme = background?.theme ?? (dark.matches ? 'dark' : 'light');
  const boxes = new Map(fills(palette, theme));
  if (isComparison) for (const [name, hex] of deltaFills(theme, isSwapped)) boxes.set(name, hex);
  return theme === 'dark'
    ? {
        boxes,
        page: background?.colour ?? '#16181c',
        text: '#f0f0f0',
        narrow: '#3c3f45',
        hit: '#f08cf0',
        hitText: '#111111',
        focus: '#a8c7fa',
        edge: '#16181c',
      }
    : {
        boxes,
        page: background?.colour ?? '#ffffff',
        text: '#1a1a1a',
        narrow: '#d5d5d5',
        hit: '#a021a0',
        hitText: '#ffffff',
        focus: '#0b57d0',
        edge: '#ffffff',
      };
}

/** Calls back when the theme changes. */
export function onThemeChange(redraw: () => void): void {
  dark.addEventListener('change', redraw);
}
