// Reads the boxes of an SVG picture, and draws boxes into it.

import type { PictureSettings } from '../settings.ts';
import { fitText } from '../text.ts';
import { prunedName } from '../words.ts';
import { isAbove, visitBoxes } from './boxes.ts';
import { type Drawing, describeNode, looksOf, nameOf } from './describe.ts';
import { completeGraph } from './graph.ts';
import { levelsOf } from './levels.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** Narrower boxes are drawn together. */
const MIN_PX = 0.1;

/** The tree of the boxes in the document, which stand in pre-order. */
export function readBoxes(frames: Element, settings: PictureSettings): Drawing {
  const labels = new Map<string, number>([['', 0]]);
  const classes = ['s4'];
  const groups = [...frames.children];
  const shape = {
    label: new Uint32Array(groups.length),
    parent: new Uint32Array(groups.length),
    depth: new Uint32Array(groups.length),
    end: new Uint32Array(groups.length),
  };
  const self = Array.from(
    { length: settings.isComparison ? 4 : 2 },
    () => new Float64Array(groups.length),
  );
  const open: number[] = [];
  groups.forEach((group, node) => {
    const [, width = 0, own = 0, , depth = 0, pruned = 0] = numbers(group, 'data-v');
    open.length = depth;
    const name = group.querySelector('title')?.textContent?.split('\n')[0] ?? '';
    const kind = group.getAttribute('class')?.split(' ')[0] ?? 'x';
    // A frame may be called what a box of narrow frames is called.
    const key = `${kind === 'x' ? 'x' : 'f'}${name}`;
    const label = node === 0 ? 0 : (labels.get(key) ?? labels.size);
    if (label === labels.size) {
      labels.set(key, label);
      classes.push(kind);
    }
    shape.label[node] = label;
    shape.parent[node] = open[depth - 1] ?? 0;
    shape.depth[node] = depth;
    open[depth] = node;
    const [before = 0, after = 0, ownBefore = 0, ownAfter = 0] = numbers(group, 'data-d');
    const values = [
      pruned > 0 ? width : own,
      0,
      pruned > 0 ? before : ownBefore,
      pruned > 0 ? after : ownAfter,
    ];
    self.forEach((column, at) => {
      column[node] = values[at] as number;
    });
  });
  setEnds(shape.parent, shape.end);
  setOwnSamples(groups, shape.parent, self[1] as Float64Array);
  const names = [...labels.keys()].map((key) => key.slice(1));
  return { graph: completeGraph(shape, self), names, classes, settings };
}

function numbers(element: Element, attribute: string): number[] {
  return (element.getAttribute(attribute) ?? '').split(' ').filter(Boolean).map(Number);
}

function setEnds(parent: Uint32Array, end: Uint32Array): void {
  for (let node = parent.length - 1; node >= 0; node--) {
    end[node] = Math.max(end[node] as number, node + 1);
    const up = parent[node] as number;
    end[up] = Math.max(end[up] as number, end[node] as number);
  }
}

/** Boxes carry all their samples; those below are taken off again. */
function setOwnSamples(groups: readonly Element[], parent: Uint32Array, own: Float64Array): void {
  groups.forEach((group, node) => {
    own[node] = (own[node] as number) + (numbers(group, 'data-v')[3] ?? 0);
    const up = parent[node] as number;
    if (node > 0) own[up] = (own[up] as number) - (numbers(group, 'data-v')[3] ?? 0);
  });
}

/** How boxes are drawn. */
export interface Brush {
  readonly document: Document;
  readonly widthPx: number;
  readonly columnPx: number;
  readonly isUpright: boolean;
  readonly hits: Uint8Array;
}

/** Draws a view. What is returned is the element of each node drawn. */
export function drawBoxes(
  frames: Element,
  drawing: Drawing,
  view: number,
  brush: Brush,
): Map<number, SVGElement> {
  const { graph, settings } = drawing;
  const { rowPx, fontPx } = settings;
  const elements = new Map<number, SVGElement>();
  const fragment = brush.document.createDocumentFragment();
  const make = (name: string, parent: Node, attributes: Record<string, string | number>) => {
    const element = brush.document.createElementNS(SVG, name) as SVGElement;
    for (const key in attributes) element.setAttribute(key, String(attributes[key]));
    parent.appendChild(element);
    return element;
  };
  const levels = levelsOf(graph, view);
  // Shares are of a whole that can be larger than the sum.
  const sum = graph.total[0]?.[0] as number;
  const widthPx = view === 0 ? (brush.widthPx * sum) / settings.whole : brush.widthPx;
  visitBoxes(graph, view, { widthPx, minPx: MIN_PX }, ({ node, x, width, depth, narrow }) => {
    const looks = narrow > 0 ? { shape: 'x', label: prunedName(narrow) } : looksOf(drawing, node);
    const y = (brush.isUpright ? levels - 1 - depth : depth) * (rowPx + 1);
    const classes = [looks.shape];
    if (isAbove(graph, node, view)) classes.push('above');
    if (narrow === 0 && brush.hits[graph.label[node] as number] === 1) classes.push('hit');
    const group = make('g', fragment, { class: classes.join(' ') });
    const name = narrow > 0 ? prunedName(narrow) : nameOf(drawing, node);
    make('title', group, {}).textContent =
      narrow > 0 ? name : `${name}\n${describeNode(drawing, node, view)}`;
    make('rect', group, { x: round(x), y, width: round(width), height: rowPx });
    const label = fitText(looks.label, Math.floor((width - 6) / brush.columnPx));
    if (label !== '') {
      const baseline = y + Math.round((rowPx + fontPx) / 2 - 2);
      make('text', group, { x: round(x), y: baseline, dx: 3 }).textContent = label;
    }
    if (narrow > 0) return;
    group.setAttribute('data-node', String(node));
    group.setAttribute('role', 'treeitem');
    group.setAttribute('aria-level', String(depth + 1));
    group.setAttribute('tabindex', '-1');
    elements.set(node, group);
  });
  frames.replaceChildren(fragment);
  return elements;
}

function round(px: number): number {
  return Math.round(px * 100) / 100;
}
