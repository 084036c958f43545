import { deltaClass, deltaSign, deltaWords, type ShareChange, UNSURE } from '../delta.ts';
import type { PictureSettings } from '../settings.ts';
import { describeAmounts, formatCount, formatPercent } from '../words.ts';
import { type Graph, Values } from './graph.ts';

/** What is drawn: a tree's nodes have names and colours by label. */
export interface Drawing {
  readonly graph: Graph;
  readonly names: readonly string[];
  /** Classes of the palette; `x` for what stands for narrow frames. */
  readonly classes: readonly string[];
  readonly settings: PictureSettings;
}

/** A value of a node. */
export function amountOf(
  graph: Graph,
  kind: 'self' | 'total',
  column: number,
  node: number,
): number {
  return graph[kind][column]?.[node] ?? 0;
}

/** What a node had and has, in shares of all. */
export function changeOf({ graph, settings }: Drawing, node: number): ShareChange {
  const whole = settings.compared || 1;
  return {
    before: amountOf(graph, 'total', Values.before, node) / whole,
    after: amountOf(graph, 'total', Values.after, node) / whole,
  };
}

/** The name of a node. */
export function nameOf({ graph, names }: Drawing, node: number): string {
  return node === 0 ? 'all' : (names[graph.label[node] as number] as string);
}

/** Colour and label of a node. */
export function looksOf(drawing: Drawing, node: number): { shape: string; label: string } {
  const { graph, classes, settings } = drawing;
  const name = nameOf(drawing, node);
  const shape = classes[graph.label[node] as number] as string;
  if (!settings.isComparison || shape === 'x') {
    return { shape: node === 0 ? 's4' : shape, label: name };
  }
  const change = changeOf(drawing, node);
  const isSure = shape !== UNSURE;
  return {
    shape: deltaClass(change, isSure),
    label: node === 0 ? name : deltaSign(change, isSure) + name,
  };
}

/** A node in words: shares of all and of the view, samples, what it has itself. */
export function describeNode(drawing: Drawing, node: number, view: number): string {
  const { graph, settings } = drawing;
  if (settings.isComparison) return deltaWords(changeOf(drawing, node));
  const total = amountOf(graph, 'total', Values.width, node);
  const seen = amountOf(graph, 'total', Values.width, view);
  const shares = [`${formatPercent(total, settings.whole)} of all`];
  if (view !== 0) shares.push(`${formatPercent(Math.min(total, seen), seen)} of this view`);
  const amounts = {
    total,
    self:
      drawing.classes[graph.label[node] as number] === 'x'
        ? undefined
        : amountOf(graph, 'self', Values.width, node),
    samples: amountOf(graph, 'total', Values.samples, node),
  };
  return describeAmounts(amounts, shares.join(', '), settings);
}

/** How much of a view matches, in words. */
export function describeCoverage(
  drawing: Drawing,
  view: number,
  coverage: { readonly width: number; readonly nodes: number },
): string {
  const { nodes, width } = coverage;
  const where = view === 0 ? '' : ' of this view';
  if (nodes === 0) return view === 0 ? 'no match' : 'no match in this view';
  const count = `${formatCount(nodes)} ${nodes === 1 ? 'box' : 'boxes'}`;
  return `${formatPercent(width, amountOf(drawing.graph, 'total', Values.width, view))}${where}, ${count}`;
}
