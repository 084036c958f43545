// The script inside an SVG picture: zoom, search, switches, keys. What it knows about frames it reads from the document. It makes its
// controls itself: where scripts are blocked there are no dead ones.

import type { PictureSettings } from '../settings.ts';
import { fitText } from '../text.ts';
import { formatAddress, NodeKeys, parseAddress, replaceAddress } from './address.ts';
import { neighbour } from './boxes.ts';
import { type Drawing, describeCoverage, describeNode, nameOf } from './describe.ts';
import { invert, Values } from './graph.ts';
import { type Action, actionOf, keyHelp } from './keys.ts';
import { levelsOf } from './levels.ts';
import { rankNames } from './ranks.ts';
import {
  compileSearch,
  coverageOf,
  matchLabels,
  nextMatch,
  type Search,
  visibleMatches,
} from './search.ts';
import { drawBoxes, readBoxes } from './svg-boxes.ts';
import { type Controls, makeControls } from './svg-controls.ts';
import { SurroundingLines } from './svg-lines.ts';
import { whenTyped } from './typing.ts';

const MARGIN_PX = 10;

class SvgApp {
  readonly #root = document.documentElement as unknown as SVGSVGElement;
  readonly #frames = byId('frames');
  readonly #details = byId('details');
  readonly #footer = byId('footer');
  readonly #settings: PictureSettings;
  readonly #topDown: Drawing;
  #bottomUp: Drawing | undefined;
  readonly #controls: Controls;
  readonly #lines: SurroundingLines;
  readonly #framesY: number;
  readonly #footerPx: number;
  readonly #staticRows: number;
  #columnPx: number;
  #drawing: Drawing;
  #keys: NodeKeys;
  #view = 0;
  #isUpright: boolean;
  #search: Search = { text: '' };
  #hits: Uint8Array = new Uint8Array(0);
  #elements = new Map<number, SVGElement>();
  #current = 0;
  #match = 0;

  constructor() {
    this.#settings = JSON.parse(byId('settings').textContent ?? '{}') as PictureSettings;
    this.#topDown = readBoxes(this.#frames, this.#settings);
    this.#drawing = this.#topDown;
    this.#keys = new NodeKeys(this.#drawing.graph, this.#drawing.names);
    this.#isUpright = this.#settings.orientation === 'flame';
    this.#framesY = Number(this.#frames.getAttribute('y'));
    const framesPx = Number(this.#frames.getAttribute('height'));
    this.#staticRows = Math.round(framesPx / (this.#settings.rowPx + 1));
    this.#footerPx = Number(this.#root.getAttribute('height')) - this.#framesY - framesPx;
    this.#columnPx = this.#measureColumn();
    this.#lines = new SurroundingLines(this.#root);
    this.#controls = makeControls(byId('controls'), !this.#settings.isTimeOrdered);
    this.#frames.setAttribute('role', 'tree');
    this.#frames.setAttribute('aria-label', 'frames');
    if (this.#settings.widthPx === 0) {
      this.#root.removeAttribute('viewBox');
      this.#root.setAttribute('width', '100%');
    }
    this.#listen();
    this.#read();
    // An upright graph begins at the bottom.
    if (this.#isUpright) window.scrollTo(0, document.documentElement.scrollHeight);
  }

  /** Takes over what the address says. */
  #read(): void {
    const words = parseAddress(location.hash);
    const isBottomUp = words.get('d') === 'up' && !this.#settings.isTimeOrdered;
    const drawing = isBottomUp ? this.#inverted() : this.#topDown;
    if (drawing !== this.#drawing) {
      this.#drawing = drawing;
      this.#keys = new NodeKeys(drawing.graph, drawing.names);
    }
    const turned = words.get('o');
    this.#isUpright = (turned ?? this.#settings.orientation) === 'flame';
    this.#view = this.#keys.nodeOf(words.get('z') ?? '') ?? 0;
    this.#current = this.#view;
    const text = words.get('s') ?? '';
    if (document.activeElement !== this.#controls.input) this.#controls.input.value = text;
    this.#setSearch(text);
    this.#controls.show({ isUpright: this.#isUpright, isBottomUp, isZoomed: this.#view !== 0 });
    this.#draw();
  }

  #inverted(): Drawing {
    const { graph, names, classes, settings } = this.#topDown;
    this.#bottomUp ??= { graph: invert(graph, rankNames(names)), names, classes, settings };
    return this.#bottomUp;
  }

  #setSearch(text: string): void {
    this.#search = compileSearch(text);
    const { names, classes } = this.#drawing;
    this.#hits = matchLabels(names, this.#search.pattern, (label) => classes[label] !== 'x');
    this.#match = 0;
  }

  #draw(): void {
    if (this.#drawing.graph.length === 0) return;
    const hadFocus = this.#frames.contains(document.activeElement);
    const { rowPx } = this.#settings;
    const lowerPx = this.#lines.fit(this.#innerPx() + 2 * MARGIN_PX);
    this.#controls.lower(lowerPx);
    this.#frames.setAttribute('y', String(this.#framesY + lowerPx));
    const rows = Math.max(this.#staticRowsOf(), levelsOf(this.#drawing.graph, this.#view));
    const framesPx = rows * (rowPx + 1);
    this.#frames.setAttribute('width', String(this.#innerPx()));
    this.#frames.setAttribute('height', String(framesPx));
    this.#root.setAttribute('height', String(this.#framesY + lowerPx + framesPx + this.#footerPx));
    const moved = lowerPx + framesPx - this.#staticRows * (rowPx + 1);
    this.#footer.setAttribute('transform', `translate(0,${moved})`);
    this.#elements = drawBoxes(this.#frames, this.#drawing, this.#view, {
      document,
      widthPx: this.#innerPx(),
      columnPx: this.#columnPx,
      isUpright: this.#isUpright,
      hits: this.#hits,
    });
    this.#elements.get(this.#current)?.setAttribute('tabindex', '0');
    if (hadFocus) this.#elements.get(this.#current)?.focus();
    this.#sayMatches();
    this.#placeDetails();
  }

  /** An upright view keeps its feet where they are. */
  #staticRowsOf(): number {
    return this.#view === 0 ? 0 : levelsOf(this.#drawing.graph, 0) * Number(this.#isUpright);
  }

  #sayMatches(which = ''): void {
    const { error, pattern } = this.#search;
    if (error !== undefined) this.#controls.say(error, true);
    else if (pattern === undefined) this.#controls.say('', false);
    else {
      const { graph } = this.#drawing;
      const coverage = coverageOf(graph, this.#view, this.#hits);
      this.#controls.say(describeCoverage(this.#drawing, this.#view, coverage) + which, false);
    }
  }

  #go(change: Readonly<Record<string, string | undefined>>, isStep = true): void {
    const isBottomUp = this.#drawing !== this.#topDown;
    const isTurned = this.#isUpright !== (this.#settings.orientation === 'flame');
    const hash = formatAddress({
      z: this.#view === 0 ? undefined : this.#keys.keyOf(this.#view),
      s: this.#search.text,
      d: isBottomUp ? 'up' : undefined,
      o: isTurned ? (this.#isUpright ? 'flame' : 'icicle') : undefined,
      ...change,
    });
    if (isStep) {
      if (hash !== location.hash) location.hash = hash;
    } else {
      replaceAddress(hash);
      this.#read();
    }
  }

  #zoom(node: number): void {
    this.#current = node;
    this.#go({ z: node === 0 ? undefined : this.#keys.keyOf(node) });
  }

  #turn(): void {
    const at = this.#current;
    this.#go({ o: this.#isUpright ? 'icicle' : 'flame' }, false);
    this.#focus(at);
  }

  #invert(): void {
    const isBottomUp = this.#drawing !== this.#topDown;
    if (!this.#settings.isTimeOrdered) this.#go({ d: isBottomUp ? undefined : 'up', z: undefined });
  }

  #focus(node: number): void {
    this.#elements.get(this.#current)?.setAttribute('tabindex', '-1');
    this.#current = node;
    const element = this.#elements.get(node);
    element?.setAttribute('tabindex', '0');
    element?.focus();
    this.#describe(node);
  }

  #act(action: Action): void {
    const { graph } = this.#drawing;
    if (action.do === 'walk') {
      const unitsPerPx = (graph.total[Values.width]?.[this.#view] as number) / this.#innerPx();
      const next = neighbour(graph, this.#view, this.#current, action.to, unitsPerPx * 0.1);
      this.#focus(next ?? this.#current);
    } else if (action.do === 'zoom') this.#zoom(this.#current);
    else if (action.do === 'reset') this.#zoom(0);
    else if (action.do === 'search') {
      this.#controls.input.focus();
      this.#controls.input.select();
    } else if (action.do === 'turn') this.#turn();
    else if (action.do === 'invert') this.#invert();
    else if (action.do === 'help') this.#help();
    else this.#step(action.do === 'match');
  }

  #step(isForward: boolean): void {
    const { graph } = this.#drawing;
    const unitsPerPx = (graph.total[Values.width]?.[this.#view] as number) / this.#innerPx();
    const matches = visibleMatches(graph, this.#view, this.#hits, unitsPerPx);
    const match = nextMatch(matches, this.#match, isForward);
    if (match === undefined) return;
    this.#match = match;
    this.#focus(match);
    this.#sayMatches(`, ${matches.indexOf(match) + 1} of ${matches.length} in sight`);
  }

  #help(): void {
    this.#controls.say(keyHelp.map(([keys, words]) => `${keys}: ${words}`).join(' · '), false);
  }

  #listen(): void {
    const { input, buttons } = this.#controls;
    input.addEventListener(
      'input',
      whenTyped(() => this.#go({ s: input.value }, false)),
    );
    input.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Enter') this.#act({ do: event.shiftKey ? 'matchBack' : 'match' });
      if (event.key !== 'Escape') return;
      input.value = '';
      input.blur();
      this.#go({ s: undefined }, false);
    });
    buttons.reset.addEventListener('click', () => this.#zoom(0));
    buttons.turn.addEventListener('click', () => this.#turn());
    buttons.invert?.addEventListener('click', () => this.#invert());
    buttons.help.addEventListener('click', () => this.#help());
    this.#frames.addEventListener('click', (event) => {
      const node = nodeOf(event.target);
      if (node !== undefined) this.#zoom(node);
    });
    this.#frames.addEventListener('mouseover', (event) => this.#describe(nodeOf(event.target)));
    this.#frames.addEventListener('mouseleave', () => this.#describe(undefined));
    this.#frames.addEventListener('focusin', (event) => this.#describe(nodeOf(event.target)));
    window.addEventListener('hashchange', () => this.#read());
    window.addEventListener('resize', () => this.#draw());
    window.addEventListener('scroll', () => this.#placeDetails());
    document.addEventListener('keydown', (event) => {
      const isButton = event.target instanceof HTMLButtonElement;
      if (isButton && (event.key === 'Enter' || event.key === ' ')) return;
      const action = actionOf(event, this.#isUpright);
      if (action === undefined) return;
      event.preventDefault();
      this.#act(action);
    });
  }

  #describe(node: number | undefined): void {
    const text = byId('details-text');
    this.#details.style.display = node === undefined ? 'none' : '';
    text.textContent = '';
    if (node === undefined) return;
    const words = describeNode(this.#drawing, node, this.#view);
    const columns = Math.floor(
      (this.#innerPx() - 10) / (this.#columnPx * (12 / this.#settings.fontPx)),
    );
    const { nameType } = this.#settings;
    const name = `${nameType}${nameType && ' '}${nameOf(this.#drawing, node)}`;
    text.textContent = `${fitText(name, Math.max(20, columns - words.length - 3))} — ${words}`;
  }

  #placeDetails(): void {
    const height = Number(this.#root.getAttribute('height'));
    const bottom = Math.min(height, window.scrollY + window.innerHeight);
    this.#details.setAttribute('transform', `translate(0,${bottom - 24})`);
  }

  #innerPx(): number {
    const { widthPx } = this.#settings;
    const page = widthPx || document.documentElement.clientWidth || window.innerWidth;
    return Math.max(300, page - 2 * MARGIN_PX);
  }

  #measureColumn(): number {
    const probe = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    probe.textContent = 'm'.repeat(20);
    this.#frames.appendChild(probe);
    const width = probe.getComputedTextLength() / 20;
    probe.remove();
    return width > 1 ? width : this.#settings.fontPx * 0.6025;
  }
}

function byId(id: string): Element & ElementCSSInlineStyle {
  return document.getElementById(id) as unknown as Element & ElementCSSInlineStyle;
}

function nodeOf(target: EventTarget | null): number | undefined {
  const node = (target as Element | null)?.closest('g')?.getAttribute('data-node');
  return node === null || node === undefined ? undefined : Number(node);
}

window.addEventListener('load', () => new SvgApp());
