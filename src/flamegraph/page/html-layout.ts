import { deltaLegend } from '../delta.ts';
import { categories, categoryWords, swatchClass } from '../palette.ts';
import { formatPercent } from '../words.ts';
import type { Drawing } from './describe.ts';
import { button, byId, element } from './dom.ts';
import { Values } from './graph.ts';
import { TABS, type Tab } from './html-state.ts';
import { keyHelp } from './keys.ts';

/** What the buttons of the page do. */
export interface PageActions {
  readonly showTab: (tab: Tab) => void;
  readonly turn: () => void;
  readonly invert: () => void;
  readonly reset: () => void;
  readonly hide: (swatch: string) => void;
  readonly match: (isForward: boolean) => void;
  readonly copy: () => void;
  readonly pivot: () => void;
}

/** The parts of the page that change. */
export interface PageLayout {
  readonly input: HTMLInputElement;
  readonly message: HTMLElement;
  readonly tabs: ReadonlyMap<Tab, HTMLButtonElement>;
  readonly panels: ReadonlyMap<Tab, HTMLElement>;
  readonly turn: HTMLButtonElement;
  readonly invert: HTMLButtonElement;
  readonly reset: HTMLButtonElement;
  readonly matches: readonly HTMLButtonElement[];
  readonly legend: ReadonlyMap<string, HTMLButtonElement>;
  readonly pivot: HTMLElement;
  readonly details: HTMLElement;
  readonly help: HTMLDialogElement;
}

const TAB_WORDS: Readonly<Record<Tab, string>> = {
  graph: 'Flame graph',
  table: 'Functions',
  sandwich: 'Sandwich',
};

const MORE_KEYS: readonly (readonly [string, string])[] = [
  ['t', 'functions as a table'],
  ['s', 'sandwich: callers and callees of the frame'],
  ['c', 'copy the frame’s name'],
];

/** Puts the page together in place of what stands there without scripts. */
export function buildPage(
  drawing: Drawing,
  swatches: readonly string[],
  actions: PageActions,
): PageLayout {
  const input = element('input', {
    type: 'search',
    placeholder: 'search (regular expression)',
    'aria-label': 'search frames',
    spellcheck: 'false',
    autocomplete: 'off',
  });
  const message = element('span', { class: 'status', role: 'status' });
  const help = buildHelp();
  const tabs = new Map(
    TABS.map((tab) => [
      tab,
      button(
        TAB_WORDS[tab],
        { role: 'tab', id: `tab-${tab}`, 'aria-controls': `panel-${tab}` },
        () => actions.showTab(tab),
      ),
    ]),
  );
  const panels = new Map(
    TABS.map((tab) => [
      tab,
      element('div', { role: 'tabpanel', id: `panel-${tab}`, 'aria-labelledby': `tab-${tab}` }),
    ]),
  );
  const matches = [
    button('↑', { 'aria-label': 'previous match', title: 'previous match (N)' }, () =>
      actions.match(false),
    ),
    button('↓', { 'aria-label': 'next match', title: 'next match (n)' }, () => actions.match(true)),
  ];
  const turn = button('flame', { title: 'callers at the bottom (i)' }, actions.turn);
  const invert = button('bottom-up', { title: 'merge stacks from the leaf (b)' }, actions.invert);
  const reset = button('reset zoom', { title: 'show everything (Esc)' }, actions.reset);
  const questions = button('?', { 'aria-label': 'keys', title: 'keys (?)' }, () =>
    help.showModal(),
  );
  const legend = buildLegend(drawing, swatches, actions);
  const details = element('output', { 'aria-live': 'polite' });
  const pivot = element('div', { class: 'pivot' });
  byId('main').replaceChildren(
    element('div', { class: 'bar' }, [
      element('div', { role: 'tablist', 'aria-label': 'views', class: 'bar' }, [...tabs.values()]),
      input,
      ...matches,
      message,
      element('span', { class: 'grow' }),
      reset,
      turn,
      invert,
      questions,
    ]),
    legend.element,
    ...panels.values(),
    element('div', { class: 'details' }, [
      details,
      button('copy name', { title: 'copy the frame’s name (c)' }, actions.copy),
      button('sandwich', { title: 'callers and callees of the frame (s)' }, actions.pivot),
    ]),
    help,
  );
  invert.hidden = drawing.settings.isTimeOrdered;
  document.body.classList.add('live');
  return {
    input,
    message,
    tabs,
    panels,
    turn,
    invert,
    reset,
    matches,
    legend: legend.buttons,
    pivot,
    details,
    help,
  };
}

function buildHelp(): HTMLDialogElement {
  const rows = [...keyHelp, ...MORE_KEYS].flatMap(([keys, words]) => [
    element('dt', {}, [keys]),
    element('dd', {}, [words]),
  ]);
  const close = element('button', { type: 'submit' }, ['close']);
  return element('dialog', { 'aria-label': 'keys' }, [
    element('dl', {}, rows),
    element('form', { method: 'dialog' }, [close]),
  ]);
}

/** Categories with their share; each can be taken out. In a comparison, what the colours mean. */
function buildLegend(
  { graph, settings }: Drawing,
  swatches: readonly string[],
  actions: PageActions,
) {
  const buttons = new Map<string, HTMLButtonElement>();
  const line = element('div', { class: 'bar legend' });
  if (settings.isComparison) {
    line.append(element('span', {}, ['share of all, in points:']));
    for (const { name, words } of deltaLegend(settings.isJudged === true)) {
      line.append(element('span', {}, [element('i', { class: name }), words]));
    }
  }
  const shares = new Map<string, number>();
  const self = graph.self[Values.width] as Float64Array;
  for (let node = 1; node < graph.length; node++) {
    const swatch = swatches[graph.label[node] as number] as string;
    shares.set(swatch, (shares.get(swatch) ?? 0) + (self[node] as number));
  }
  for (const category of categories) {
    const swatch = swatchClass(category);
    const share = shares.get(swatch);
    if (share === undefined) continue;
    const words = `${categoryWords(category)} ${formatPercent(share, settings.whole)}`;
    const title = 'leave out these frames; what they cost goes to their callers';
    const made = button('', { title }, () => actions.hide(swatch));
    const isColoured = settings.palette === 'category' && !settings.isComparison;
    made.append(...(isColoured ? [element('i', { class: swatch })] : []), words);
    buttons.set(swatch, made);
    line.append(made);
  }
  return { element: line, buttons };
}
