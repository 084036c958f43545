// The script of an HTML picture. One direction: what is wanted goes into the address, and the address is what is shown.

import { swatchClass } from '../palette.ts';
import { replaceAddress } from './address.ts';
import { neighbour } from './boxes.ts';
import { FlameCanvas } from './canvas-view.ts';
import { currentColours, onThemeChange } from './colours.ts';
import { categoryOf, decodePage, type PageData } from './data.ts';
import { type Drawing, describeCoverage, describeNode, nameOf } from './describe.ts';
import { byId, element } from './dom.ts';
import { Drawings } from './drawings.ts';
import { Values } from './graph.ts';
import { buildPage, type PageLayout } from './html-layout.ts';
import { labelKey, type PageState, readState, type Tab, writeState } from './html-state.ts';
import { type Action, actionOf } from './keys.ts';
import {
  compileSearch,
  coverageOf,
  matchLabels,
  nextMatch,
  type Search,
  visibleMatches,
} from './search.ts';
import { FunctionTable } from './table-view.ts';
import { whenTyped } from './typing.ts';

class HtmlApp {
  readonly #source: Drawing;
  readonly #drawings: Drawings;
  readonly #page: PageLayout;
  readonly #graph = new FlameCanvas(
    'flame graph; the arrow keys walk over the frames, ? lists all keys',
  );
  readonly #callers = new FlameCanvas('callers of the function', 1);
  readonly #callees = new FlameCanvas('callees of the function', 1);
  readonly #table = new FunctionTable((label) => this.#pivot(label));
  #state: PageState;
  #search: Search = { text: '' };
  #hits: Uint8Array = new Uint8Array(0);
  #drawing: Drawing;
  #view = 0;
  #current = 0;
  #match = 0;

  constructor(data: PageData) {
    this.#source = decodePage(data);
    const swatches = this.#source.names.map((_, label) => swatchClass(categoryOf(data, label)));
    this.#drawings = new Drawings(this.#source, swatches);
    this.#drawing = this.#source;
    this.#state = readState(location.hash, this.#source.settings.orientation);
    this.#page = buildPage(this.#source, swatches, {
      showTab: (tab) => this.#go({ tab }),
      turn: () => this.#act({ do: 'turn' }),
      invert: () => this.#act({ do: 'invert' }),
      reset: () => this.#go({ zoom: undefined }),
      hide: (swatch) => this.#hide(swatch),
      match: (isForward) => this.#act({ do: isForward ? 'match' : 'matchBack' }),
      copy: () => this.#copy(),
      pivot: () => this.#pivot(this.#drawing.graph.label[this.#current] as number),
    });
    this.#fillPanels();
    this.#listen();
    this.#read();
  }

  #fillPanels(): void {
    const { panels, pivot } = this.#page;
    panels.get('graph')?.append(this.#graph.element);
    panels.get('table')?.append(this.#table.element);
    panels
      .get('sandwich')
      ?.append(
        pivot,
        half('callers'),
        this.#callers.element,
        half('callees'),
        this.#callees.element,
      );
  }

  #go(change: Partial<PageState>, isStep = true): void {
    const state = { ...this.#state, ...change };
    const hash = writeState(state, this.#source.settings.orientation);
    if (isStep && hash !== (location.hash || '#')) {
      location.hash = hash; // a step in the history; `hashchange` shows it
      return;
    }
    replaceAddress(hash);
    this.#read();
  }

  /** Takes over what the address says. */
  #read(): void {
    const state = readState(location.hash, this.#source.settings.orientation);
    this.#state = state;
    if (document.activeElement !== this.#page.input) this.#page.input.value = state.search;
    if (state.search !== this.#search.text) {
      this.#search = compileSearch(state.search);
      this.#match = 0;
    }
    const { names, classes } = this.#source;
    if (this.#search.pattern === undefined) this.#hits = new Uint8Array(names.length);
    else this.#hits = matchLabels(names, this.#search.pattern, (label) => classes[label] !== 'x');
    const before = this.#drawing;
    this.#drawing = this.#drawings.main(state);
    const view =
      state.zoom === undefined ? 0 : (this.#drawings.keys(this.#drawing).nodeOf(state.zoom) ?? 0);
    if (view !== this.#view || before !== this.#drawing) {
      this.#current = view;
      this.#match = 0;
    }
    this.#view = view;
    this.#show();
  }

  #show(): void {
    const { tab } = this.#state;
    for (const [name, panel] of this.#page.panels) panel.hidden = name !== tab;
    for (const [name, button] of this.#page.tabs) {
      button.setAttribute('aria-selected', String(name === tab));
    }
    for (const [swatch, button] of this.#page.legend) {
      button.setAttribute('aria-pressed', String(!this.#state.hidden.includes(swatch)));
    }
    this.#page.turn.setAttribute('aria-pressed', String(this.#state.isUpright));
    this.#page.invert.setAttribute('aria-pressed', String(this.#state.isBottomUp));
    this.#page.turn.disabled = tab !== 'graph';
    this.#page.invert.disabled = tab !== 'graph';
    this.#page.reset.hidden = this.#view === 0 || tab !== 'graph';
    const isSearching = this.#search.pattern !== undefined;
    for (const button of this.#page.matches) button.disabled = !isSearching || tab !== 'graph';
    if (tab === 'table') {
      const hits = isSearching ? this.#hits : undefined;
      this.#table.show(this.#source, this.#drawings.sums(this.#state), hits);
    }
    if (tab === 'sandwich') this.#showSandwich();
    if (tab === 'graph') this.#showGraph();
    this.#sayMatches();
    this.#describe(this.#drawing, this.#current);
  }

  #showGraph(): void {
    this.#graph.show({
      drawing: this.#drawing,
      view: this.#view,
      isUpright: this.#state.isUpright,
      hits: this.#hits,
      colours: currentColours(this.#source.settings),
      current: this.#current,
    });
  }

  #showSandwich(): void {
    const label = this.#pivotLabel();
    const isChosen = label > 0;
    this.#page.pivot.textContent = isChosen
      ? (this.#source.names[label] as string)
      : 'Choose a function: click it in the table, or select a frame and press s.';
    this.#callers.element.hidden = !isChosen;
    this.#callees.element.hidden = !isChosen;
    if (!isChosen) return;
    const { callers, callees } = this.#drawings.sandwich(this.#state, label);
    const colours = currentColours(this.#source.settings);
    // The function itself is the only child of the root.
    const common = { view: 1, hits: this.#hits, colours, current: -1 };
    if (callers.graph.length < 2) return;
    this.#callers.show({ ...common, drawing: callers, isUpright: true });
    this.#callees.show({ ...common, drawing: callees, isUpright: false });
    this.#page.pivot.textContent += ` — ${describeNode(callees, 1, 0)}`;
  }

  #pivotLabel(): number {
    const key = this.#state.pivot;
    if (key === undefined) return 0;
    return Math.max(
      0,
      this.#source.names.findIndex((name, label) => label > 0 && labelKey(name) === key),
    );
  }

  #sayMatches(which = ''): void {
    const { message } = this.#page;
    const { error, pattern } = this.#search;
    message.classList.toggle('error', error !== undefined);
    message.textContent = error ?? '';
    if (pattern === undefined) return;
    const { graph } = this.#drawing;
    const coverage = coverageOf(graph, this.#view, this.#hits);
    message.textContent = describeCoverage(this.#drawing, this.#view, coverage) + which;
  }

  #describe(drawing: Drawing, node: number | undefined): void {
    if (node === undefined || node < 0) return;
    const { nameType } = this.#source.settings;
    const name = `${nameType}${nameType && ' '}${nameOf(drawing, node)}`;
    const view = drawing === this.#drawing ? this.#view : 0;
    this.#page.details.textContent = `${name} — ${describeNode(drawing, node, view)}`;
  }

  #pivot(label: number): void {
    const name = this.#source.names[label];
    if (label > 0 && name !== undefined) this.#go({ tab: 'sandwich', pivot: labelKey(name) });
  }

  #hide(swatch: string): void {
    const { hidden } = this.#state;
    const isHidden = hidden.includes(swatch);
    const next = isHidden ? hidden.filter((other) => other !== swatch) : [...hidden, swatch].sort();
    this.#go({ hidden: next, zoom: undefined });
  }

  #zoom(node: number): void {
    const keys = this.#drawings.keys(this.#drawing);
    this.#go({ zoom: node === 0 ? undefined : keys.keyOf(node) });
  }

  #focus(node: number): void {
    this.#current = node;
    this.#showGraph();
    this.#graph.reveal(node);
    this.#describe(this.#drawing, node);
  }

  #copy(): void {
    const name = nameOf(this.#drawing, this.#current);
    const say = () => {
      this.#page.message.textContent = 'name copied';
    };
    navigator.clipboard?.writeText(name).then(say, () => {
      this.#page.message.textContent = 'the browser does not allow copying';
    });
  }

  #act(action: Action): void {
    const isGraph = this.#state.tab === 'graph';
    if (action.do === 'search') {
      this.#page.input.focus();
      this.#page.input.select();
    } else if (action.do === 'help') this.#page.help.showModal();
    else if (action.do === 'reset') this.#go({ zoom: undefined, tab: 'graph' });
    else if (!isGraph) return;
    else if (action.do === 'walk') {
      const { graph } = this.#drawing;
      const total = graph.total[Values.width]?.[this.#view] as number;
      const minWidth = (total / this.#graph.widthPx) * 0.5;
      const next = neighbour(graph, this.#view, this.#current, action.to, minWidth);
      this.#focus(next ?? this.#current);
    } else if (action.do === 'zoom') this.#zoom(this.#current);
    else if (action.do === 'turn') this.#go({ isUpright: !this.#state.isUpright }, false);
    else if (action.do === 'invert') {
      if (this.#source.settings.isTimeOrdered) return;
      this.#go({ isBottomUp: !this.#state.isBottomUp, zoom: undefined });
    } else this.#step(action.do === 'match');
  }

  #step(isForward: boolean): void {
    const { graph } = this.#drawing;
    const total = graph.total[Values.width]?.[this.#view] as number;
    const matches = visibleMatches(graph, this.#view, this.#hits, total / this.#graph.widthPx);
    const match = nextMatch(matches, this.#match, isForward);
    if (match === undefined) return;
    this.#match = match;
    this.#focus(match);
    this.#sayMatches(`, ${matches.indexOf(match) + 1} of ${matches.length} in sight`);
  }

  #listen(): void {
    this.#listenToSearch();
    const { canvas } = this.#graph;
    canvas.addEventListener('click', (event) => {
      const node = this.#graph.nodeAt(event);
      if (node !== undefined) this.#zoom(node);
    });
    canvas.addEventListener('mousemove', (event) => {
      this.#describe(this.#drawing, this.#graph.nodeAt(event) ?? this.#current);
    });
    canvas.addEventListener('mouseleave', () => this.#describe(this.#drawing, this.#current));
    for (const half of [this.#callers, this.#callees]) {
      const drawing = () => {
        const sandwich = this.#drawings.sandwich(this.#state, this.#pivotLabel());
        return half === this.#callers ? sandwich.callers : sandwich.callees;
      };
      half.canvas.addEventListener('mousemove', (event) =>
        this.#describe(drawing(), half.nodeAt(event)),
      );
      half.canvas.addEventListener('click', (event) => {
        const node = half.nodeAt(event);
        if (node !== undefined) this.#pivot(drawing().graph.label[node] as number);
      });
    }
    window.addEventListener('hashchange', () => this.#read());
    onThemeChange(() => this.#show());
    document.addEventListener('keydown', (event) => this.#onKey(event));
  }

  #listenToSearch(): void {
    const { input } = this.#page;
    input.addEventListener(
      'input',
      whenTyped(() => this.#go({ search: input.value }, false)),
    );
    input.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.stopPropagation();
      if (event.key === 'Enter') this.#act({ do: event.shiftKey ? 'matchBack' : 'match' });
      if (event.key !== 'Escape') return;
      input.value = '';
      this.#graph.canvas.focus();
      this.#go({ search: '' }, false);
    });
  }

  #onKey(event: KeyboardEvent): void {
    if (this.#page.help.open) return;
    const isButton = event.target instanceof HTMLButtonElement;
    if (isButton && (event.key === 'Enter' || event.key === ' ')) return;
    if (isButton && this.#walkTabs(event)) return;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isPlain && event.key === 't')
      this.#go({ tab: this.#state.tab === 'table' ? 'graph' : 'table' });
    else if (isPlain && event.key === 's')
      this.#pivot(this.#drawing.graph.label[this.#current] as number);
    else if (isPlain && event.key === 'c') this.#copy();
    else {
      const action = actionOf(event, this.#state.isUpright);
      // Elsewhere the arrows scroll.
      const isElsewhere =
        this.#state.tab !== 'graph' && (action?.do === 'walk' || action?.do === 'zoom');
      if (action === undefined || isElsewhere) return;
      event.preventDefault();
      this.#act(action);
    }
  }

  /** Left and right on a tab go to its neighbour. */
  #walkTabs(event: KeyboardEvent): boolean {
    const tabs = [...this.#page.tabs.entries()];
    const at = tabs.findIndex(([, button]) => button === event.target);
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (at < 0 || step === 0) return false;
    const [tab, button] = tabs[(at + step + tabs.length) % tabs.length] as [Tab, HTMLButtonElement];
    event.preventDefault();
    button.focus();
    this.#go({ tab });
    return true;
  }
}

function half(words: string): HTMLElement {
  return element('div', { class: 'half' }, [words]);
}

new HtmlApp(JSON.parse(byId('data').textContent ?? '') as PageData);
