import { hashText } from '../../model/text.ts';
import { formatAddress, parseAddress } from './address.ts';

export const TABS = ['graph', 'table', 'sandwich'] as const;
export type Tab = (typeof TABS)[number];

/** What a page shows, as its address says it. */
export interface PageState {
  readonly tab: Tab;
  readonly search: string;
  /** Key of the frame zoomed into. */
  readonly zoom: string | undefined;
  readonly isBottomUp: boolean;
  readonly isUpright: boolean;
  /** Key of the sandwich's function. */
  readonly pivot: string | undefined;
  /** Classes of hidden categories' swatches. */
  readonly hidden: readonly string[];
}

/** Reads the address. */
export function readState(hash: string, orientation: 'icicle' | 'flame'): PageState {
  const words = parseAddress(hash);
  return {
    tab: TABS.find((tab) => tab === words.get('v')) ?? 'graph',
    search: words.get('s') ?? '',
    zoom: words.get('z'),
    isBottomUp: words.get('d') === 'up',
    isUpright: (words.get('o') ?? orientation) === 'flame',
    pivot: words.get('f'),
    hidden: (words.get('h') ?? '').split('.').filter(Boolean),
  };
}

/** Writes the address. */
export function writeState(state: PageState, orientation: 'icicle' | 'flame'): string {
  const shown = state.isUpright ? 'flame' : 'icicle';
  return formatAddress({
    v: state.tab === 'graph' ? undefined : state.tab,
    z: state.zoom,
    s: state.search,
    d: state.isBottomUp ? 'up' : undefined,
    o: shown === orientation ? undefined : shown,
    f: state.pivot,
    h: state.hidden.join('.'),
  });
}

/** The key of a function. */
export function labelKey(name: string): string {
  return `${hashText(name).toString(36)}.${hashText(name, 0x9747b28c).toString(36)}`;
}
