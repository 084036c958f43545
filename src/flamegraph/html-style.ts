import { deltaFills } from './delta.ts';
import { categories, fills, swatchClass } from './palette.ts';
import type { PictureSettings } from './settings.ts';
import { FONTS } from './svg-style.ts';

/** The style sheet of an HTML picture. What is drawn on the canvas takes its colours from the same palettes. */
export function htmlStyle({ isSwapped, background }: PictureSettings): string {
  const swatches = (theme: 'light' | 'dark') => {
    const fill = fills('category', theme);
    const ofCategories = categories.map((category) => {
      const name = swatchClass(category);
      return `.${name}{background:${fill.get(name)}}`;
    });
    const deltas = [...deltaFills(theme, isSwapped)].map(
      ([name, hex]) => `.${name}{background:${hex}}`,
    );
    return [...ofCategories, ...deltas].join('');
  };
  const inDark = DARK + swatches('dark');
  // A background that was chosen is one for both themes.
  const inBoth = background
    ? `${background.theme === 'dark' ? inDark : ''}:root{color-scheme:${background.theme};--page:${background.colour}}`
    : `@media (prefers-color-scheme:dark){${inDark}}`;
  return `${LIGHT}${swatches('light')}${RULES}${inBoth}`;
}

const LIGHT =
  ':root{color-scheme:light dark;--page:#fff;--ink:#1a1a1a;--soft:#4a4a4a;--line:#c9c9c9;--raised:#f2f2f2;--accent:#0b57d0;--on-accent:#fff;--error:#b00020}';
const DARK =
  ':root{--page:#16181c;--ink:#f0f0f0;--soft:#bdbdbd;--line:#4a4d54;--raised:#2d3138;--accent:#a8c7fa;--on-accent:#111;--error:#ff8a80}';

const RULES = [
  '*{box-sizing:border-box}[hidden]{display:none!important}',
  'body{margin:0;background:var(--page);color:var(--ink);font:13px/1.45 system-ui,sans-serif}',
  'body.live{display:flex;flex-direction:column;height:100vh;height:100dvh;overflow:hidden}',
  'header{padding:8px 12px 2px}h1{font-size:16px;margin:0;overflow-wrap:anywhere}p{margin:2px 0}header p,footer p{color:var(--soft)}',
  'main{padding:0 12px}body.live main{flex:1;min-height:0;display:flex;flex-direction:column}',
  'footer{padding:4px 12px 6px;font-size:12px;max-height:6.2em;overflow-y:auto;overflow-wrap:anywhere}',
  '.bar{display:flex;flex-wrap:wrap;gap:6px;align-items:center;padding:4px 0}',
  'button,input{font:inherit;color:inherit}',
  'input[type=search]{width:240px;max-width:100%;padding:3px 7px;border:1px solid #767676;border-radius:5px;background:var(--page)}',
  'button{padding:3px 9px;border:1px solid #767676;border-radius:5px;background:var(--raised);cursor:pointer}',
  'button[aria-pressed=true],button[aria-selected=true]{background:var(--accent);color:var(--on-accent);border-color:var(--accent)}',
  ':focus-visible{outline:2px solid var(--accent);outline-offset:1px}',
  '.status{color:var(--soft)}.status.error{color:var(--error)}.grow{flex:1}',
  '.legend button{border:0;background:none;padding:1px 4px;font-size:12px}.legend button[aria-pressed=true]{background:none;color:var(--ink)}',
  '.legend button[aria-pressed=false]{text-decoration:line-through;color:var(--soft)}',
  '.legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:5px;vertical-align:-1px}.legend span{font-size:12px;color:var(--soft)}',
  '[role=tabpanel]{flex:1;min-height:0;display:flex;flex-direction:column}',
  '.flame{flex:1;min-height:0;overflow-y:auto;overflow-x:hidden;border:1px solid var(--line);position:relative}',
  '.flame canvas{display:block;position:sticky;top:0;cursor:pointer}.flame div{width:1px}',
  '.half{font-size:12px;color:var(--soft);margin:3px 0}.pivot{font-weight:600;margin:4px 0;overflow-wrap:anywhere}',
  '.scroll{flex:1;overflow:auto;border:1px solid var(--line)}',
  'table{border-collapse:collapse;width:100%}body:not(.live) table{margin:6px 0;width:auto}',
  'th{position:sticky;top:0;background:var(--raised);text-align:right;font-weight:600;padding:0}body:not(.live) th{padding:2px 10px}',
  'th button{white-space:nowrap;border:0;background:none;width:100%;text-align:inherit;font-weight:inherit}',
  `td{padding:2px 10px;text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;border-top:1px solid var(--line)}`,
  `th:last-child,td:last-child{text-align:left;width:100%}td:last-child{font:12px ${FONTS};white-space:normal;overflow-wrap:anywhere}`,
  'td button{border:0;background:none;padding:0;text-align:left;font:inherit;color:inherit}td button:hover{text-decoration:underline}',
  `.details{display:flex;gap:8px;align-items:center;min-height:34px;padding:3px 0}.details output{flex:1;min-width:0;font:12px ${FONTS};max-height:3em;overflow:hidden;overflow-wrap:anywhere}`,
  'dialog{border:1px solid var(--line);border-radius:8px;background:var(--page);color:var(--ink);max-width:90vw}dt{float:left;clear:left;width:8em;font-weight:600}dd{margin:0 0 4px 8.5em}',
].join('');
