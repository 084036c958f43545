const SVG = 'http://www.w3.org/2000/svg';
const HTML = 'http://www.w3.org/1999/xhtml';

/** The bar above the frames. */
export interface Controls {
  readonly input: HTMLInputElement;
  readonly buttons: {
    readonly reset: HTMLButtonElement;
    readonly turn: HTMLButtonElement;
    readonly invert: HTMLButtonElement | undefined;
    readonly help: HTMLButtonElement;
  };
  say(message: string, isError: boolean): void;
  /** Moves it to so many pixels below its first place. */
  lower(px: number): void;
  show(state: {
    readonly isUpright: boolean;
    readonly isBottomUp: boolean;
    readonly isZoomed: boolean;
  }): void;
}

/** Puts the bar in the place of the text that stands there without scripts. */
export function makeControls(place: Element, canInvert: boolean): Controls {
  const host = document.createElementNS(SVG, 'foreignObject');
  host.setAttribute('x', place.getAttribute('data-x') ?? '0');
  host.setAttribute('y', place.getAttribute('data-y') ?? '0');
  host.setAttribute('width', '100%');
  host.setAttribute('height', '30');
  const bar = element('div', host, { class: 'bar' });
  const input = element('input', bar, {
    type: 'search',
    placeholder: 'search (regular expression)',
    'aria-label': 'search frames',
    spellcheck: 'false',
    autocomplete: 'off',
  }) as HTMLInputElement;
  const button = (text: string, title: string) => {
    const made = element('button', bar, { type: 'button', title }) as HTMLButtonElement;
    made.textContent = text;
    return made;
  };
  const buttons = {
    turn: button('flame', 'callers at the bottom (i)'),
    invert: canInvert ? button('bottom-up', 'merge stacks from the leaf (b)') : undefined,
    help: button('?', 'keys'),
    reset: button('reset zoom', 'show everything (Esc)'),
  };
  buttons.help.setAttribute('aria-label', 'keys');
  const message = element('span', bar, { role: 'status' });
  place.replaceWith(host);
  return {
    input,
    buttons,
    lower(px) {
      host.setAttribute('transform', `translate(0,${px})`);
    },
    say(text, isError) {
      message.className = isError ? 'error' : '';
      message.textContent = text;
    },
    show({ isUpright, isBottomUp, isZoomed }) {
      buttons.turn.setAttribute('aria-pressed', String(isUpright));
      buttons.invert?.setAttribute('aria-pressed', String(isBottomUp));
      buttons.reset.hidden = !isZoomed;
    },
  };
}

function element(name: string, parent: Element, attributes: Record<string, string>): HTMLElement {
  const made = document.createElementNS(HTML, name) as HTMLElement;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.appendChild(made);
  return made;
}
