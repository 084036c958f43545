import { createHash } from 'node:crypto';
import { sumByFunction } from '../model/function-totals.ts';
import type { ProfileData } from '../model/profile-data.ts';
import { htmlStyle } from './html-style.ts';
import type { FlameGraphOptions } from './options.ts';
import { encodePageData } from './page-data.ts';
import { type FlamePicture, preparePicture, settingsOf } from './picture.ts';
import { pageScript } from './script.ts';
import { escapeXml, plainText } from './text.ts';
import { formatPercent, formatValue, type Measure } from './words.ts';

const CHUNK_CHARACTERS = 1 << 16;
/** Functions listed where scripts are blocked. */
const LISTED = 30;

/**
 * Draws a profile as one HTML page that needs nothing else: flame graph, table and sandwich of all frames, none pruned. Its content
 * security policy allows this script and this style sheet only, and no connection.
 */
export function* writeFlameHtml(
  profile: ProfileData,
  options: FlameGraphOptions = {},
): Generator<string> {
  let chunk = '';
  for (const piece of pieces(preparePicture(profile, options))) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

function* pieces(picture: FlamePicture): Generator<string> {
  const { title, subtitle, amount, notes } = picture;
  const script = pageScript('html');
  const style = htmlStyle(settingsOf(picture));
  const policy = `default-src 'none'; script-src ${source(script)}; style-src ${source(style)}; base-uri 'none'; form-action 'none'`;
  yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n';
  yield `<meta http-equiv="Content-Security-Policy" content="${policy}">\n`;
  yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="generator" content="sigprof">\n';
  yield `<title>${escapeXml(title)}</title>\n<style>${style}</style>\n</head>\n<body>\n`;
  yield `<header>\n<h1>${escapeXml(title)}</h1>\n`;
  if (subtitle !== '') yield `<p>${escapeXml(subtitle)}</p>\n`;
  yield `<p>${escapeXml(amount)}</p>\n</header>\n`;
  yield `<main id="main">\n${staticTable(picture)}</main>\n<footer id="notes">\n`;
  for (const note of notes) yield `<p>${escapeXml(note)}</p>\n`;
  yield '</footer>\n<script type="application/json" id="data">';
  yield* encodePageData(picture);
  yield `</script>\n<script>${script}</script>\n</body>\n</html>\n`;
}

function source(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

/** What is seen until the script has started, or where it may not. */
function staticTable({ profile, options, measure, whole }: FlamePicture): string {
  const rows = sumByFunction(profile, { ...options, limit: LISTED });
  if (rows.length === 0) return '<p>No samples.</p>\n';
  const isBySamples = measure.unit === 'count' && profile.meta.unit !== 'count';
  const cells = rows.map((row) => {
    const self = isBySamples ? row.selfSamples : row.selfWeight;
    const total = isBySamples ? row.totalSamples : row.totalWeight;
    const place = row.path === '' ? '' : ` (${row.path}${row.line > 0 ? `:${row.line}` : ''})`;
    return `<tr><td>${amount(self, whole, measure)}</td><td>${amount(total, whole, measure)}</td><td>${escapeXml(plainText(row.name + place))}</td></tr>\n`;
  });
  const { words } = measure;
  return (
    `<p>The flame graph needs JavaScript. The ${rows.length} functions with the most ${escapeXml(words)} of their own:</p>\n` +
    `<table><thead><tr><th>self</th><th>total</th><th>function</th></tr></thead><tbody>\n${cells.join('')}</tbody></table>\n`
  );
}

function amount(value: number, whole: number, measure: Measure): string {
  return `${formatValue(value, measure)} (${formatPercent(value, whole)})`;
}
