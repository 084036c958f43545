import type { FrameNameOptions, SortKey } from '../../profile.ts';

/** What of a profile is shown. */
export type ReportView =
  | { readonly kind: 'functions' | 'lines' | 'paths' }
  | { readonly kind: 'callers' | 'callees'; readonly target: string };

/** What `report` was asked for. */
export interface ReportSettings {
  /** What the profile is called where it has no name of its own. */
  readonly title: string;
  readonly view: ReportView;
  readonly sort: SortKey;
  readonly limit: number | undefined;
  readonly byThread: boolean;
  readonly names: FrameNameOptions;
  /** Patterns of the functions to list. */
  readonly match: readonly string[];
}
