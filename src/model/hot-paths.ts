import { buildCallTree, type CallTreeOptions } from './call-tree.ts';
import type { FrameCategory, FrameLabel } from './frame-names.ts';
import type { ProfileData } from './profile-data.ts';

/** What to list of a profile's call paths. */
export interface HotPathOptions extends Omit<CallTreeOptions, 'rewrite'> {
  /** List at most so many. @default 10 */
  readonly limit?: number | undefined;
}

/** A path of calls from the root to where the time went. */
export interface HotPath {
  /** Root first, as frames read. */
  readonly frames: readonly { readonly text: string; readonly category: FrameCategory }[];
  /** Weight of the samples with exactly this stack, in the profile's unit. */
  readonly weight: number;
  readonly samples: number;
}

const DEFAULT_LIMIT = 10;

/** The call paths with the largest weight of their own, largest first. */
export function findHotPaths(profile: ProfileData, options: HotPathOptions = {}): HotPath[] {
  const tree = buildCallTree(profile, options);
  const nodes = Array.from({ length: tree.length }, (_, node) => node).filter(
    (node) => (tree.selfWeight[node] as number) > 0 || (tree.selfSamples[node] as number) > 0,
  );
  // Equal ones stay in the tree's order, which depends on names only.
  nodes.sort((a, b) => (tree.selfWeight[b] as number) - (tree.selfWeight[a] as number));
  return nodes.slice(0, options.limit ?? DEFAULT_LIMIT).map((node) => {
    const frames: FrameLabel[] = [];
    for (let at = node; at !== 0; at = tree.parent[at] as number) {
      frames.push(tree.labels[tree.label[at] as number] as FrameLabel);
    }
    return {
      frames: frames.reverse(),
      weight: tree.selfWeight[node] as number,
      samples: tree.selfSamples[node] as number,
    };
  });
}
