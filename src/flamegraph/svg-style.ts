import { deltaFills } from './delta.ts';
import { paletteCss } from './palette.ts';
import type { PictureSettings } from './settings.ts';

/** Monospaced, so that widths of labels can be reckoned without drawing them. */
export const FONTS = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';

/** The style sheet of an SVG picture. Dark mode needs no script. */
export function svgStyle({
  palette,
  isComparison,
  isSwapped,
  fontPx,
  fontFamily,
  background,
}: PictureSettings): string {
  const colours = (theme: 'light' | 'dark') =>
    isComparison
      ? [...deltaFills(theme, isSwapped)].map(([name, hex]) => `.${name}{fill:${hex}}`).join('')
      : paletteCss(palette, theme);
  const inDark = dark + colours('dark');
  return [
    `text{font:12px ${fontFamily ?? FONTS};fill:#1a1a1a;white-space:pre}#frames text{font-size:${fontPx}px}`,
    light,
    colours('light'),
    // A background that was chosen is one for both themes.
    background === undefined ? `@media (prefers-color-scheme:dark){${inDark}}` : '',
    background?.theme === 'dark' ? inDark : '',
    background ? `:root{background:${background.colour}}.page{fill:${background.colour}}` : '',
  ].join('');
}

const light = [
  '.head{font-weight:bold;font-size:15px}.note{font-size:11px;fill:#444}',
  // An edge darker than any fill: one in the page's colour would bleach boxes of a pixel.
  ':root{background:#fff}.page{fill:#fff}#frames rect{stroke:#000;stroke-width:.5;stroke-opacity:.3}#frames text{pointer-events:none}',
  '#frames g{cursor:pointer;outline:none}#frames g:hover rect{stroke:#000;stroke-width:1;stroke-opacity:1}.above{opacity:.7}',
  '#frames g:focus rect{stroke:#0b57d0;stroke-width:2.5;stroke-opacity:1}',
  '.x{fill:#d5d5d5}#frames .hit rect{fill:#a021a0}#frames .hit text{fill:#fff}',
  '#details rect{fill:#222}#details text{fill:#fff}#details{pointer-events:none}',
  '.bar{display:flex;gap:6px;align-items:center;font:12px system-ui,sans-serif;color:#333;white-space:nowrap}',
  '.bar input{width:230px;font:inherit;padding:2px 6px;border:1px solid #767676;border-radius:4px;background:#fff;color:#111}',
  '.bar button{font:inherit;padding:2px 8px;border:1px solid #767676;border-radius:4px;background:#f2f2f2;color:#111}',
  '.bar button[aria-pressed=true]{background:#0b57d0;color:#fff}.bar .error{color:#b00020}',
].join('');

const dark = [
  ':root{background:#16181c}text{fill:#f0f0f0}.note{fill:#b8b8b8}.page{fill:#16181c}#frames rect{stroke:#fff;stroke-opacity:.25}',
  '#frames g:hover rect{stroke:#fff}#frames g:focus rect{stroke:#a8c7fa}',
  '.x{fill:#3c3f45}#frames .hit rect{fill:#f08cf0}#frames .hit text{fill:#111}',
  '#details rect{fill:#e8e8e8}#details text{fill:#111}.bar{color:#ccc}.bar .error{color:#ff8a80}',
  '.bar input{background:#24272d;color:#eee;border-color:#8a8a8a}.bar button{background:#2d3138;color:#eee;border-color:#8a8a8a}',
  '.bar button[aria-pressed=true]{background:#a8c7fa;color:#111}',
].join('');
