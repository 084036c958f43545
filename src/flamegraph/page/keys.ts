import type { Direction } from './boxes.ts';

/** What a key does in a picture. */
export type Action =
  | { readonly do: 'walk'; readonly to: Direction }
  | {
      readonly do: 'zoom' | 'reset' | 'search' | 'match' | 'matchBack' | 'turn' | 'invert' | 'help';
    };

const ACTIONS: Readonly<Record<string, Action>> = {
  ArrowLeft: { do: 'walk', to: 'previous' },
  ArrowRight: { do: 'walk', to: 'next' },
  Enter: { do: 'zoom' },
  ' ': { do: 'zoom' },
  Escape: { do: 'reset' },
  '0': { do: 'reset' },
  '/': { do: 'search' },
  F3: { do: 'search' },
  n: { do: 'match' },
  N: { do: 'matchBack' },
  i: { do: 'turn' },
  b: { do: 'invert' },
  '?': { do: 'help' },
};

/** All keys, for people. */
export const keyHelp: readonly (readonly [keys: string, words: string])[] = [
  ['← → ↑ ↓', 'walk over the frames'],
  ['Enter', 'zoom into the frame'],
  ['Esc or 0', 'show everything'],
  ['/', 'search (regular expression; capitals make it case-sensitive)'],
  ['n, N', 'next and previous match'],
  ['i', 'callers at the top or at the bottom'],
  ['b', 'merge stacks from the leaf (bottom-up) or from the root'],
];

/** The action of a key pressed outside of a text field. */
export function actionOf(event: KeyboardEvent, isUpright: boolean): Action | undefined {
  if (event.altKey) return undefined;
  if (event.ctrlKey || event.metaKey) {
    return event.key.toLowerCase() === 'f' ? { do: 'search' } : undefined;
  }
  if (event.key === 'ArrowUp') return { do: 'walk', to: isUpright ? 'callee' : 'caller' };
  if (event.key === 'ArrowDown') return { do: 'walk', to: isUpright ? 'caller' : 'callee' };
  return ACTIONS[event.key];
}
