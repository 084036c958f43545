import { buildCallTree, type CallTree } from '../model/call-tree.ts';
import type { FrameCategory, FrameLabel, FrameNameOptions } from '../model/frame-names.ts';
import { type Column, type ProfileData, sumSamples } from '../model/profile-data.ts';
import { type FlameBox, type FlameLayout, type FlameMetric, layOutFlames } from './layout.ts';
import { boxClass, categories, categoryWords, paletteCss, swatchClass } from './palette.ts';
import {
  describeAmount,
  describeLosses,
  describeProgram,
  formatCount,
  formatNs,
  formatPercent,
  metricWords,
} from './summary.ts';
import { flameScript } from './svg-script.ts';
import { escapeXml, fitText, plainText, textColumns } from './svg-text.ts';

/** How a flame graph is drawn. */
export interface FlameGraphOptions extends FrameNameOptions {
  /** @default the profile's command line, else "Flame graph" */
  readonly title?: string | undefined;
  /** Root every stack with its thread. @default false */
  readonly threads?: boolean | undefined;
  /** What widths stand for. @default 'weight' */
  readonly metric?: 'weight' | 'samples' | undefined;
  /** Callers at the top ('icicle') or at the bottom ('flame'). @default 'icicle' */
  readonly layout?: 'icicle' | 'flame' | undefined;
  /** Frames narrower than this, at a width of 1200 pixels, are drawn together in grey. @default 0.1 */
  readonly minWidthPx?: number | undefined;
}

const PAGE_PX = 1200;
const MARGIN_PX = 10;
const INNER_PX = PAGE_PX - 2 * MARGIN_PX;
const ROW_PX = 17;
const BOX_PX = 16;
/** Of the widest of the fonts named in the style sheet, at 12 px. */
const COLUMN_PX = 7.23;
const LEGEND_COLUMN_PX = 6.7;
const CHUNK_CHARACTERS = 1 << 16;

/** Draws a profile as an SVG flame graph, piece by piece. */
export function* writeFlameSvg(
  profile: ProfileData,
  options: FlameGraphOptions = {},
): Generator<string> {
  const picture = new Picture(profile, options);
  let chunk = '';
  for (const piece of picture.pieces()) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

class Picture {
  readonly #profile: ProfileData;
  readonly #options: FlameGraphOptions;
  readonly #tree: CallTree;
  readonly #layout: FlameLayout;
  readonly #metric: FlameMetric;
  /** Whether widths are bare counts instead of times. */
  readonly #isCount: boolean;
  readonly #minWidthPx: number;
  readonly #textOfLabel: string[];

  constructor(profile: ProfileData, options: FlameGraphOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#tree = buildCallTree(profile, options);
    const hasWeight = (this.#tree.totalWeight[0] as number) > 0;
    // Without any time there is still something to show.
    this.#metric = options.metric === 'samples' || !hasWeight ? 'samples' : 'weight';
    this.#isCount = this.#metric === 'samples' || profile.meta.unit === 'count';
    this.#minWidthPx = options.minWidthPx ?? 0.1;
    this.#layout = layOutFlames(this.#tree, this.#metric, this.#minWidthPx / INNER_PX);
    this.#textOfLabel = this.#tree.labels.map(({ text }) => plainText(text));
  }

  *pieces(): Generator<string> {
    const legend = legendRows(this.#shares(), this.#layout.total);
    const controlsY = 56 + legend.rows * 18;
    const framesY = controlsY + 36;
    const framesPx = (this.#layout.depth + 1) * ROW_PX;
    const footer = this.#footerLines();
    const height = framesY + framesPx + 20 + footer.length * 16 + 26;
    const title = plainText(this.#options.title || this.#profile.meta.title || 'Flame graph');
    yield '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n';
    yield `<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="${PAGE_PX}" height="${height}" viewBox="0 0 ${PAGE_PX} ${height}">\n`;
    yield `<title>${escapeXml(title)}</title>\n<style>${styleSheet}</style>\n`;
    yield '<rect class="page" width="100%" height="100%"/>\n';
    yield `<text class="head" x="${MARGIN_PX}" y="25">${escapeXml(fitText(title, 118))}</text>\n`;
    yield this.#line(44, describeAmount(this.#profile, sumSamples(this.#profile.samples)));
    yield legend.svg;
    yield `<text id="controls" class="note" x="${MARGIN_PX}" y="${controlsY + 14}" data-x="${MARGIN_PX}" data-y="${controlsY}">Open this file in a browser to zoom and search.</text>\n`;
    const unit = this.#isCount ? 'count' : 'nanoseconds';
    const words = this.#isCount ? 'samples' : metricWords(this.#profile);
    const orientation = this.#options.layout ?? 'icicle';
    yield `<svg id="frames" x="${MARGIN_PX}" y="${framesY}" width="${INNER_PX}" height="${framesPx}" data-unit="${unit}" data-metric="${words}" data-layout="${orientation}">\n`;
    if (this.#layout.total > 0) {
      for (const box of this.#layout.boxes) yield this.#box(box);
    }
    yield '</svg>\n';
    if (this.#layout.total <= 0) yield this.#line(framesY + 12, 'No samples.');
    for (const [row, text] of footer.entries()) {
      yield this.#line(framesY + framesPx + 20 + row * 16, text);
    }
    yield '<g id="details" style="display:none"><rect width="100%" height="24"/><text id="details-text" x="10" y="16"></text></g>\n';
    yield `<script type="text/javascript"><![CDATA[${flameScript}]]></script>\n</svg>\n`;
  }

  #box(box: FlameBox): string {
    const y = this.#rowOf(box.depth) * ROW_PX;
    const x = percentage(box.start, this.#layout.total);
    const width = percentage(box.width, this.#layout.total);
    const { name, shape, self } = this.#describeBox(box);
    const columns = Math.floor(((box.width / this.#layout.total) * INNER_PX - 6) / COLUMN_PX);
    const label = fitText(name, columns);
    const text =
      label === '' ? '' : `<text x="${x}" y="${y + 12}" dx="3">${escapeXml(label)}</text>`;
    const values = `${box.start} ${box.width} ${self} ${box.samples} ${box.depth}`;
    const pruned = box.prunedFrames > 0 ? ` ${box.prunedFrames}` : '';
    return (
      `<g class="${shape}" data-v="${values}${pruned}">` +
      `<title>${escapeXml(`${name}\n${this.#amounts(box, self)}`)}</title>` +
      `<rect x="${x}" y="${y}" width="${width}" height="${BOX_PX}"/>${text}</g>\n`
    );
  }

  #describeBox(box: FlameBox): { name: string; shape: string; self: number } {
    const tree = this.#tree;
    if (box.prunedFrames > 0) {
      const name = `${formatCount(box.prunedFrames)} ${box.prunedFrames === 1 ? 'frame' : 'frames'}, too narrow to draw`;
      return { name, shape: 'x', self: 0 };
    }
    const self = this.#selfWidths()[box.node] as number;
    if (box.node === 0) return { name: 'all', shape: 's4', self };
    const label = tree.label[box.node] as number;
    const name = this.#textOfLabel[label] as string;
    const { category, text } = tree.labels[label] as FrameLabel;
    return { name, shape: boxClass(category, text), self };
  }

  #amounts(box: FlameBox, self: number): string {
    const share = formatPercent(box.width, this.#layout.total);
    if (this.#isCount) {
      const own = box.prunedFrames > 0 ? '' : `, self ${formatCount(self)}`;
      return `${formatCount(box.width)} samples (${share})${own}`;
    }
    const own = box.prunedFrames > 0 ? '' : `, self ${formatNs(self)}`;
    const count = `${formatCount(box.samples)} ${box.samples === 1 ? 'sample' : 'samples'}`;
    return `${formatNs(box.width)} ${metricWords(this.#profile)} (${share}), ${count}${own}`;
  }

  #selfWidths(): Column {
    return this.#metric === 'samples' ? this.#tree.selfSamples : this.#tree.selfWeight;
  }

  #rowOf(depth: number): number {
    return this.#options.layout === 'flame' ? this.#layout.depth - depth : depth;
  }

  /** Self width by category. */
  #shares(): Map<FrameCategory, number> {
    const tree = this.#tree;
    const self = this.#selfWidths();
    const shares = new Map<FrameCategory, number>();
    for (let node = 1; node < tree.length; node++) {
      const { category } = tree.labels[tree.label[node] as number] as FrameLabel;
      shares.set(category, (shares.get(category) ?? 0) + (self[node] as number));
    }
    return shares;
  }

  #footerLines(): string[] {
    const lines = [describeProgram(this.#profile), describeLosses(this.#profile) ?? ''];
    if (this.#layout.prunedFrames > 0) {
      lines.push(
        `${formatCount(this.#layout.prunedFrames)} frames narrower than ${this.#minWidthPx} px of ${PAGE_PX} are drawn together in grey`,
      );
    }
    return [...lines, ...this.#profile.warnings].filter((line) => line !== '');
  }

  #line(y: number, text: string): string {
    const fitted = fitText(plainText(text), Math.floor(INNER_PX / LEGEND_COLUMN_PX));
    return `<text class="note" x="${MARGIN_PX}" y="${y}">${escapeXml(fitted)}</text>\n`;
  }
}

/** Swatches of the categories that occur, with their share of the self time. */
function legendRows(
  shares: ReadonlyMap<FrameCategory, number>,
  total: number,
): { svg: string; rows: number } {
  let x = MARGIN_PX;
  let row = 0;
  let svg = '';
  for (const category of categories) {
    if (!shares.has(category)) continue;
    const words = `${categoryWords(category)} ${formatPercent(shares.get(category) ?? 0, total)}`;
    const width = 16 + textColumns(words) * LEGEND_COLUMN_PX + 16;
    if (x + width > PAGE_PX - MARGIN_PX) {
      x = MARGIN_PX;
      row++;
    }
    const y = 54 + row * 18;
    svg += `<rect class="${swatchClass(category)}" x="${x}" y="${y}" width="11" height="11" rx="2"/>`;
    svg += `<text class="note" x="${x + 16}" y="${y + 10}">${escapeXml(words)}</text>\n`;
    x += Math.ceil(width);
  }
  return { svg, rows: row + 1 };
}

/** Six decimals place a box to a thousandth of a pixel at any width; trailing zeros only cost bytes. */
function percentage(part: number, whole: number): string {
  return `${Number(((part / whole) * 100).toFixed(6))}%`;
}

const styleSheet = [
  'text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1a1a1a;white-space:pre}',
  '.head{font-weight:bold;font-size:15px}.note{font-size:11px;fill:#444}',
  // An edge darker than any fill: one in the page's colour would bleach boxes of a pixel.
  ':root{background:#fff}.page{fill:#fff}#frames rect{stroke:#000;stroke-width:.5;stroke-opacity:.3}#frames text{pointer-events:none}',
  '#frames g{cursor:pointer}#frames g:hover rect{stroke:#000;stroke-width:1;stroke-opacity:1}.above{opacity:.7}',
  '.x{fill:#d5d5d5}#frames .hit rect{fill:#a021a0}#frames .hit text{fill:#fff}',
  '#details rect{fill:#222}#details text{fill:#fff}#details{pointer-events:none}',
  '.bar{display:flex;gap:8px;align-items:center;font:12px system-ui,sans-serif;color:#333}',
  '.bar input{width:260px;font:inherit;padding:2px 6px;border:1px solid #999;border-radius:4px;background:#fff;color:#111}',
  '.bar button{font:inherit;padding:2px 8px;border:1px solid #999;border-radius:4px;background:#f2f2f2;color:#111}',
  '.bar .error{color:#b00020}',
  paletteCss('light'),
  '@media (prefers-color-scheme:dark){',
  ':root{background:#16181c}text{fill:#f0f0f0}.note{fill:#b8b8b8}.page{fill:#16181c}#frames rect{stroke:#fff;stroke-opacity:.25}',
  '#frames g:hover rect{stroke:#fff}.x{fill:#3c3f45}#frames .hit rect{fill:#f08cf0}#frames .hit text{fill:#111}',
  '#details rect{fill:#e8e8e8}#details text{fill:#111}.bar{color:#ccc}.bar .error{color:#ff8a80}',
  '.bar input{background:#24272d;color:#eee;border-color:#666}.bar button{background:#2d3138;color:#eee;border-color:#666}',
  paletteCss('dark'),
  '}',
].join('');
