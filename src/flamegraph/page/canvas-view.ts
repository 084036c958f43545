// A flame graph on a canvas as large as its window: only the rows in sight are drawn, so neither the number of frames nor the depth of
// stacks has a limit.

import { FONTS } from '../svg-style.ts';
import { fitText } from '../text.ts';
import { prunedName } from '../words.ts';
import { isAbove, type VisibleBox, visitBoxes } from './boxes.ts';
import type { Colours } from './colours.ts';
import { type Drawing, looksOf } from './describe.ts';
import { element } from './dom.ts';
import { Values } from './graph.ts';
import { levelsOf } from './levels.ts';

/** Narrower boxes are drawn together. */
const MIN_PX = 0.5;
const MIN_TEXT_PX = 20;

/** What a canvas shows. */
export interface Scene {
  readonly drawing: Drawing;
  readonly view: number;
  readonly isUpright: boolean;
  readonly hits: Uint8Array;
  readonly colours: Colours;
  /** The frame with the keyboard's focus. */
  readonly current: number;
}

/** A canvas with its scroll bar. */
export class FlameCanvas {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly #spacer: HTMLElement;
  readonly #context: CanvasRenderingContext2D;
  /** Levels left out at the root. */
  readonly #skipped: number;
  #scene: Scene | undefined;
  #levels = 0;

  constructor(label: string, skipped = 0) {
    this.#skipped = skipped;
    this.canvas = element('canvas', { tabindex: '0', role: 'application', 'aria-label': label });
    this.#spacer = element('div');
    this.element = element('div', { class: 'flame' }, [this.canvas, this.#spacer]);
    this.#context = this.canvas.getContext('2d', { alpha: false }) as CanvasRenderingContext2D;
    this.element.addEventListener('scroll', () => this.#paint());
    new ResizeObserver(() => this.#paint()).observe(this.element);
  }

  get widthPx(): number {
    return Math.max(1, this.element.clientWidth);
  }

  /** Shows a scene. When another view comes, its root is scrolled into sight. */
  show(scene: Scene): void {
    const before = this.#scene;
    const isNew =
      before?.drawing !== scene.drawing ||
      before.view !== scene.view ||
      before.isUpright !== scene.isUpright;
    this.#scene = scene;
    if (isNew) this.#levels = levelsOf(scene.drawing.graph, scene.view) - this.#skipped;
    this.#paint();
    if (isNew) this.element.scrollTop = scene.isUpright ? this.element.scrollHeight : 0;
  }

  /** Scrolls a frame into sight. */
  reveal(node: number): void {
    const scene = this.#scene;
    if (!scene) return;
    const rowPx = scene.drawing.settings.rowPx + 1;
    const y = this.#rowOf(scene.drawing.graph.depth[node] as number) * rowPx;
    const { scrollTop, clientHeight } = this.element;
    if (y < scrollTop) this.element.scrollTop = y;
    else if (y + rowPx > scrollTop + clientHeight)
      this.element.scrollTop = y + rowPx - clientHeight;
  }

  /** The frame under the mouse. */
  nodeAt(event: MouseEvent): number | undefined {
    const scene = this.#scene;
    if (!scene) return undefined;
    const box = this.canvas.getBoundingClientRect();
    const rowPx = scene.drawing.settings.rowPx + 1;
    const row = Math.floor(
      (event.clientY - box.top + this.element.scrollTop - this.#offsetPx()) / rowPx,
    );
    const depth = (scene.isUpright ? this.#levels - 1 - row : row) + this.#skipped;
    return findNode(scene, depth, (event.clientX - box.left) / this.widthPx);
  }

  #rowOf(depth: number): number {
    const level = depth - this.#skipped;
    return this.#scene?.isUpright ? this.#levels - 1 - level : level;
  }

  /** An upright graph stands on the ground. */
  #offsetPx(): number {
    const scene = this.#scene;
    if (!scene?.isUpright) return 0;
    const rowPx = scene.drawing.settings.rowPx + 1;
    return Math.max(0, this.element.clientHeight - this.#levels * rowPx);
  }

  #paint(): void {
    const scene = this.#scene;
    if (!scene) return;
    const { rowPx, fontPx, fontFamily } = scene.drawing.settings;
    const widthPx = this.widthPx;
    const heightPx = Math.max(1, this.element.clientHeight);
    const contentPx = this.#levels * (rowPx + 1);
    this.#spacer.style.height = `${Math.max(0, contentPx - heightPx)}px`;
    const scale = devicePixelRatio || 1;
    const size = [Math.round(widthPx * scale), Math.round(heightPx * scale)] as const;
    if (this.canvas.width !== size[0]) this.canvas.width = size[0];
    if (this.canvas.height !== size[1]) this.canvas.height = size[1];
    this.canvas.style.width = `${widthPx}px`;
    this.canvas.style.height = `${heightPx}px`;
    const context = this.#context;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = scene.colours.page;
    context.fillRect(0, 0, widthPx, heightPx);
    context.font = `${fontPx}px ${fontFamily ?? FONTS}`;
    context.textBaseline = 'middle';
    const columnPx = context.measureText('m'.repeat(20)).width / 20;
    const topPx = this.#offsetPx() - this.element.scrollTop;
    const { drawing, view } = scene;
    if ((drawing.graph.total[Values.width]?.[view] ?? 0) <= 0) return;
    const isVisible = (y: number) => y + rowPx >= 0 && y <= heightPx;
    visitBoxes(drawing.graph, view, { widthPx: this.#viewPx(scene), minPx: MIN_PX }, (box) => {
      if (box.depth < this.#skipped) return;
      const y = topPx + this.#rowOf(box.depth) * (rowPx + 1);
      if (isVisible(y)) this.#paintBox(scene, box, y, columnPx);
    });
  }

  /** Shares are of a whole that can be larger than the sum. */
  #viewPx({ drawing, view }: Scene): number {
    const { graph, settings } = drawing;
    const sum = graph.total[Values.width]?.[0] as number;
    const share = view === 0 && this.#skipped === 0 ? sum / settings.whole : 1;
    return this.widthPx * Math.min(1, share);
  }

  #paintBox(scene: Scene, box: VisibleBox, y: number, columnPx: number): void {
    const { drawing, colours, hits, current, view } = scene;
    const { graph, settings } = drawing;
    const context = this.#context;
    const isFrame = box.narrow === 0;
    const isHit = isFrame && hits[graph.label[box.node] as number] === 1;
    const looks = isFrame ? looksOf(drawing, box.node) : { shape: 'x', label: '' };
    const fill = looks.shape === 'x' ? colours.narrow : colours.boxes.get(looks.shape);
    context.fillStyle = isHit ? colours.hit : (fill as string);
    context.globalAlpha = isAbove(graph, box.node, view) ? 0.7 : 1;
    const gap = box.width > 3 ? 0.6 : 0;
    context.fillRect(box.x, y, box.width - gap, settings.rowPx);
    if (box.width >= MIN_TEXT_PX) {
      const name = isFrame ? looks.label : prunedName(box.narrow);
      const label = fitText(name, Math.floor((box.width - 6) / columnPx));
      context.fillStyle = isHit ? colours.hitText : colours.text;
      if (label !== '') context.fillText(label, box.x + 3, y + settings.rowPx / 2 + 0.5);
    }
    context.globalAlpha = 1;
    if (isFrame && box.node === current && current !== view) {
      context.strokeStyle = colours.focus;
      context.lineWidth = 2;
      context.strokeRect(box.x + 1, y + 1, Math.max(1, box.width - 2), settings.rowPx - 2);
    }
  }
}

/** The frame at a depth and a place from 0 to 1 over the width of a view. */
function findNode({ drawing, view }: Scene, depth: number, place: number): number | undefined {
  const { graph } = drawing;
  const widths = graph.total[Values.width] as Float64Array;
  const viewDepth = graph.depth[view] as number;
  if (depth < 0 || place < 0 || place >= 1) return undefined;
  if (depth < viewDepth) {
    let node = view;
    while ((graph.depth[node] as number) > depth) node = graph.parent[node] as number;
    return node;
  }
  const share = view === 0 ? (widths[0] as number) / drawing.settings.whole : 1;
  const at =
    (graph.start[view] as number) + (place / Math.min(1, share)) * (widths[view] as number);
  let node: number | undefined = view;
  while (node !== undefined && (graph.depth[node] as number) < depth) {
    const end: number = graph.end[node] as number;
    let found: number | undefined;
    for (let child = node + 1; child < end; child = graph.end[child] as number) {
      const start = graph.start[child] as number;
      if (at < start || at >= start + (widths[child] as number)) continue;
      found = child;
      break;
    }
    node = found;
  }
  return node;
}
