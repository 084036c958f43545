import type { Addon } from './addon.ts';

/** Why the addon could not be loaded: a SigprofError code and one line with cause and remedy. */
export interface LoadProblem {
  readonly code:
    | 'ERR_SIGPROF_ADDON_MISSING'
    | 'ERR_SIGPROF_SECOND_COPY'
    | 'ERR_SIGPROF_UNSUPPORTED';
  readonly message: string;
  readonly cause: unknown;
}

export type LoadResult =
  | { readonly addon: Addon; readonly problem?: never }
  | { readonly addon?: never; readonly problem: LoadProblem };

/** What load-addon.cjs exports. */
export interface AddonLoader {
  /** Loads the addon once a thread; never throws. Loading registers the calling thread. */
  loadAddon(): LoadResult;
}
