// Reads the data of an HTML picture; `page-data.ts` writes it.

import type { FrameCategory } from '../../model/frame-category.ts';
import { UNSURE } from '../delta.ts';
import { boxClass } from '../palette.ts';
import type { PictureSettings } from '../settings.ts';
import type { Drawing } from './describe.ts';
import { completeGraph } from './graph.ts';

type ColumnName = 'label' | 'up' | 'samples' | 'width' | 'before' | 'after';

/** The JSON in the page. */
export interface PageData {
  readonly settings: PictureSettings;
  readonly recording: Readonly<Record<string, unknown>>;
  /** Values are counted in so many parts of one. */
  readonly parts: number;
  /** A letter for each name. */
  readonly kinds: string;
  readonly names: readonly string[];
  readonly nodes: Readonly<Partial<Record<ColumnName, string>>>;
}

const CATEGORIES: Readonly<Record<string, FrameCategory>> = {
  a: 'app',
  p: 'package',
  n: 'node',
  b: 'builtin',
  w: 'wasm',
  r: 'regexp',
  c: 'native',
  g: 'gc',
  s: 'special',
};

/** The category of a label of {@link decodePage}; the root's is `special`. */
export function categoryOf(data: PageData, label: number): FrameCategory {
  return CATEGORIES[data.kinds[label - 1]?.toLowerCase() ?? 's'] ?? 'special';
}

/** The drawing in the data. */
export function decodePage(data: PageData): Drawing {
  const { nodes, parts, kinds, settings } = data;
  const label = Uint32Array.from(decodeColumn(nodes.label));
  const ups = decodeColumn(nodes.up);
  const values = (name: ColumnName) => {
    const column = decodeColumn(nodes[name]);
    return parts === 1 ? column : column.map((value) => value / parts);
  };
  const samples = decodeColumn(nodes.samples);
  const shape = { label, ...shapeOf(ups) };
  const names = ['all', ...data.names];
  const classes = names.map((name, at) => {
    const kind = kinds[at - 1] ?? 's';
    if (settings.isComparison && kind !== kind.toLowerCase()) return UNSURE;
    return boxClass(settings.palette, categoryOf(data, at), name);
  });
  if (!settings.isComparison) {
    return { graph: completeGraph(shape, [values('width'), samples]), names, classes, settings };
  }
  const [before, after] = [values('before'), values('after')];
  const width = before.map((value, node) => Math.max(value, after[node] as number));
  const graph = completeGraph(shape, [width, samples, before, after]);
  return { graph, names, classes, settings };
}

function shapeOf(ups: Float64Array) {
  const parent = new Uint32Array(ups.length);
  const depth = new Uint32Array(ups.length);
  const end = new Uint32Array(ups.length);
  const open: number[] = [];
  for (let node = 0; node < ups.length; node++) {
    const level = node === 0 ? 0 : (depth[node - 1] as number) + 1 - (ups[node] as number);
    for (let at = level; at < open.length; at++) end[open[at] as number] = node;
    open.length = level;
    parent[node] = open[level - 1] ?? 0;
    depth[node] = level;
    open.push(node);
  }
  for (const node of open) end[node] = ups.length;
  return { parent, depth, end };
}

function decodeColumn(base64 = ''): Float64Array {
  const bytes = atob(base64);
  const values = new Float64Array(bytes.length);
  let count = 0;
  let value = 0;
  let place = 1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes.charCodeAt(at);
    if (byte >= 128) {
      value += (byte - 128) * place;
      place *= 128;
    } else {
      values[count++] = value + byte * place;
      value = 0;
      place = 1;
    }
  }
  return values.slice(0, count);
}
