import type { FrameLabel } from '../model/frame-names.ts';
import type { ProfileData } from '../model/profile-data.ts';
import { deltaClass, deltaLegend, deltaSign, deltaWords } from './delta.ts';
import { type FlameBox, type FlameLayout, layOutFlames } from './layout.ts';
import type { FlameGraphOptions } from './options.ts';
import { categories, categoryWords, swatchClass } from './palette.ts';
import {
  type FlamePicture,
  metadataOf,
  preparePicture,
  settingsOf,
  shareOf,
  textOf,
} from './picture.ts';
import { pageScript } from './script.ts';
import type { PictureSettings } from './settings.ts';
import { svgStyle } from './svg-style.ts';
import { escapeXml, fitText, plainText, textColumns } from './text.ts';
import { describeAmounts, formatCount, formatPercent, prunedName } from './words.ts';

const PAGE_PX = 1200;
const MARGIN_PX = 10;
/** Of the widest of the fonts named in the style sheet, per pixel of the font's size. */
const COLUMN_EM = 0.6025;
/** Names in proportional fonts, most of them: a name of wide letters only would be too wide. */
const OTHER_COLUMN_EM = 0.65;
const LEGEND_COLUMN_PX = 6.7;
const CHUNK_CHARACTERS = 1 << 16;

/** Draws a profile as an SVG flame graph, piece by piece. */
export function* writeFlameSvg(
  profile: ProfileData,
  options: FlameGraphOptions = {},
): Generator<string> {
  const innerPx = (options.widthPx ?? PAGE_PX) - 2 * MARGIN_PX;
  const minWidthPx =
    options.minShare === undefined ? (options.minWidthPx ?? 0.1) : options.minShare * innerPx;
  const minWidthOf = (whole: number) => (minWidthPx * whole) / innerPx;
  const picture = new SvgPicture(preparePicture(profile, options, minWidthOf), minWidthPx);
  let chunk = '';
  for (const piece of picture.pieces()) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

class SvgPicture {
  readonly #picture: FlamePicture;
  readonly #settings: PictureSettings;
  readonly #layout: FlameLayout;
  readonly #pagePx: number;
  readonly #innerPx: number;
  readonly #minWidthPx: number;

  constructor(picture: FlamePicture, minWidthPx: number) {
    const { options, tree, widths, comparison, minWidth } = picture;
    this.#picture = picture;
    this.#settings = settingsOf(picture);
    this.#pagePx = options.widthPx ?? PAGE_PX;
    this.#innerPx = this.#pagePx - 2 * MARGIN_PX;
    this.#minWidthPx = minWidthPx;
    const sides = comparison ? [comparison.before.total, comparison.after.total] : [];
    this.#layout = layOutFlames(tree, widths, minWidth, sides);
  }

  *pieces(): Generator<string> {
    const { title, subtitle, amount, whole } = this.#picture;
    const pagePx = this.#pagePx;
    const legend = this.#settings.isComparison
      ? deltaLegendRow(this.#settings, this.#pagePx)
      : this.#categoryLegend();
    const headY = subtitle === '' ? 44 : 62;
    const controlsY = headY + 12 + legend.rows * 18;
    const framesY = controlsY + 36;
    const framesPx = (this.#layout.depth + 1) * (this.#settings.rowPx + 1);
    const footer = this.#footerLines();
    const height = framesY + framesPx + 20 + footer.length * 16 + 26;
    yield '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n';
    yield `<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="${pagePx}" height="${height}" viewBox="0 0 ${pagePx} ${height}">\n`;
    yield `<title>${escapeXml(title)}</title>\n<style>${svgStyle(this.#settings)}</style>\n`;
    yield `<metadata id="settings">${escapeXml(json({ ...this.#settings, recording: metadataOf(this.#picture) }))}</metadata>\n`;
    yield '<rect class="page" width="100%" height="100%"/>\n';
    yield `<text class="head" x="${MARGIN_PX}" y="25">${escapeXml(fitText(title, Math.floor(this.#innerPx / 10)))}</text>\n`;
    if (subtitle !== '') yield this.#line(43, subtitle);
    yield this.#line(headY, amount);
    yield `<g id="legend" transform="translate(0,${headY + 10})">\n${legend.svg}</g>\n`;
    yield `<text id="controls" class="note" x="${MARGIN_PX}" y="${controlsY + 14}" data-x="${MARGIN_PX}" data-y="${controlsY}">Open this file in a browser to zoom and search.</text>\n`;
    yield `<svg id="frames" x="${MARGIN_PX}" y="${framesY}" width="${this.#innerPx}" height="${framesPx}">\n`;
    if (whole > 0) for (const box of this.#layout.boxes) yield this.#box(box);
    yield '</svg>\n<g id="footer">\n';
    if (whole <= 0) yield this.#line(framesY + 12, 'No samples.');
    for (const [row, text] of footer.entries()) {
      yield this.#line(framesY + framesPx + 20 + row * 16, text);
    }
    yield '</g>\n<g id="details" style="display:none"><rect width="100%" height="24"/><text id="details-text" x="10" y="16"></text></g>\n';
    yield `<script type="text/javascript"><![CDATA[${pageScript('svg')}]]></script>\n</svg>\n`;
  }

  #box(box: FlameBox): string {
    const { rowPx, fontPx } = this.#settings;
    const { whole, options } = this.#picture;
    const columnEm = options.fontWidthEm ?? (options.fontFamily ? OTHER_COLUMN_EM : COLUMN_EM);
    const y = this.#rowOf(box.depth) * (rowPx + 1);
    const x = percentage(box.start, whole);
    const width = percentage(box.width, whole);
    const { name, sign, shape, self } = this.#describeBox(box);
    const columns = ((box.width / whole) * this.#innerPx - 6) / (columnEm * fontPx);
    const label = fitText(sign + name, Math.floor(columns));
    const baseline = y + Math.round((rowPx + fontPx) / 2 - 2);
    const text =
      label === '' ? '' : `<text x="${x}" y="${baseline}" dx="3">${escapeXml(label)}</text>`;
    const values = `${thousandths(box.start)} ${thousandths(box.width)} ${self} ${box.samples} ${box.depth}`;
    const pruned = box.prunedFrames > 0 ? ` ${box.prunedFrames}` : '';
    return (
      `<g class="${shape}" data-v="${values}${pruned}"${this.#sides(box)}>` +
      `<title>${escapeXml(`${name}\n${this.#amounts(box, self)}`)}</title>` +
      `<rect x="${x}" y="${y}" width="${width}" height="${rowPx}"/>${text}</g>\n`
    );
  }

  #describeBox(box: FlameBox): { name: string; sign: string; shape: string; self: number } {
    const { tree, widths, comparison, classes, options } = this.#picture;
    if (box.prunedFrames > 0) {
      return { name: prunedName(box.prunedFrames), sign: '', shape: 'x', self: 0 };
    }
    const self = widths.self[box.node] as number;
    const name = textOf(this.#picture, box.node);
    const label = tree.label[box.node] as number;
    if (comparison) {
      const change = comparison.change(box.node);
      const isSure =
        box.node > 0 && (options.isSure?.((tree.labels[label] as FrameLabel).text) ?? true);
      const [sign, shape] = [deltaSign(change, isSure), deltaClass(change, isSure)];
      return { name, sign: box.node > 0 ? sign : '', shape, self };
    }
    return { name, sign: '', shape: box.node === 0 ? 's4' : (classes[label] as string), self };
  }

  /** The two sides of a comparison: totals, then what the frame has itself. */
  #sides({ node, prunedFrames, prunedTotals }: FlameBox): string {
    const { comparison } = this.#picture;
    if (comparison === undefined) return '';
    if (prunedFrames > 0) return ` data-d="${prunedTotals.map(thousandths).join(' ')}"`;
    const { before, after } = comparison;
    const values = [before.total, after.total, before.self, after.self].map(
      (column) => column[node] as number,
    );
    return ` data-d="${values.map(thousandths).join(' ')}"`;
  }

  #amounts(box: FlameBox, self: number): string {
    const { comparison, measure } = this.#picture;
    const isPruned = box.prunedFrames > 0;
    if (comparison && !isPruned) return deltaWords(comparison.change(box.node));
    const amounts = {
      total: box.width,
      self: isPruned ? undefined : self,
      samples: box.samples,
    };
    return describeAmounts(amounts, shareOf(this.#picture, box.width), measure);
  }

  #rowOf(depth: number): number {
    return this.#settings.orientation === 'flame' ? this.#layout.depth - depth : depth;
  }

  #footerLines(): string[] {
    const lines = [...this.#picture.notes];
    if (this.#layout.prunedFrames > 0) {
      lines.push(
        `${formatCount(this.#layout.prunedFrames)} frames narrower than ${Number(this.#minWidthPx.toFixed(3))} px of ${this.#pagePx} are drawn together in grey`,
      );
    }
    return lines;
  }

  /** Swatches of the categories that occur, with their share of the self time. */
  #categoryLegend(): { svg: string; rows: number } {
    const { shares, whole } = this.#picture;
    const isColoured = ['category', 'package'].includes(this.#settings.palette);
    const entries = categories
      .filter((category) => shares.has(category))
      .map((category) => ({
        name: isColoured ? swatchClass(category) : '',
        words: `${categoryWords(category)} ${formatPercent(shares.get(category) ?? 0, whole)}`,
      }));
    return legendRows(entries, this.#pagePx);
  }

  #line(y: number, text: string): string {
    const fitted = fitText(plainText(text), Math.floor(this.#innerPx / LEGEND_COLUMN_PX));
    return `<text class="note" x="${MARGIN_PX}" y="${y}">${escapeXml(fitted)}</text>\n`;
  }
}

function deltaLegendRow(settings: PictureSettings, pagePx: number): { svg: string; rows: number } {
  const title = { name: '', words: 'share of all, in points:' };
  return legendRows([title, ...deltaLegend(settings.isJudged === true)], pagePx);
}

/** Swatches with words, in as many rows as they need. */
function legendRows(
  entries: readonly { readonly name: string; readonly words: string }[],
  pagePx: number,
): { svg: string; rows: number } {
  let x = MARGIN_PX;
  let row = 0;
  let svg = '';
  for (const { name, words } of entries) {
    const swatchPx = name === '' ? 0 : 16;
    const width = Math.ceil(swatchPx + textColumns(words) * LEGEND_COLUMN_PX + 16);
    if (x > MARGIN_PX && x + width > pagePx - MARGIN_PX) {
      x = MARGIN_PX;
      row++;
    }
    svg += `<g data-w="${width}" transform="translate(${x},${row * 18})">`;
    if (swatchPx > 0) svg += `<rect class="${name}" width="11" height="11" rx="2"/>`;
    svg += `<text class="note" x="${swatchPx}" y="10">${escapeXml(words)}</text></g>\n`;
    x += width;
  }
  return { svg, rows: row + 1 };
}

/** JSON in which every string is fit for XML. */
function json(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === 'string' ? plainText(item) : item));
}

/** Sums of scaled values, without what adding fractions leaves behind. */
function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Six decimals place a box to a thousandth of a pixel at any width; trailing zeros only cost bytes. */
function percentage(part: number, whole: number): string {
  return `${Number(((part / whole) * 100).toFixed(6))}%`;
}
