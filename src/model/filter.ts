import { type FrameNameOptions, FrameNamer, PROGRAM_FRAME } from './frame-names.ts';
import { compilePatterns, type FramePattern } from './pattern.ts';
import type { ProfileData } from './profile-data.ts';
import { selectSamples } from './select-samples.ts';

/** Which stacks to keep. */
export interface FilterOptions extends FrameNameOptions {
  /** Keep stacks with a frame that matches one of these; all when there is none. */
  readonly include?: readonly FramePattern[] | undefined;
  /** Drop stacks with a frame that matches one of these, also included ones. */
  readonly exclude?: readonly FramePattern[] | undefined;
}

/**
 * The profile of those samples whose stacks pass. Frames are matched as they read.
 * @throws SigprofError ERR_SIGPROF_INVALID_OPTION for a bad pattern
 */
export function filterProfile(profile: ProfileData, options: FilterOptions): ProfileData {
  const { include = [], exclude = [] } = options;
  if (include.length === 0 && exclude.length === 0) return profile;
  const namer = new FrameNamer(profile, options);
  const isIncluded = stackMatcher(profile, namer, include);
  const isExcluded = stackMatcher(profile, namer, exclude);
  const keeps = (stack: number) =>
    (include.length === 0 || isIncluded(stack)) && !(exclude.length > 0 && isExcluded(stack));
  return {
    ...profile,
    meta: {
      ...profile.meta,
      filters: [...(profile.meta.filters ?? []), ...describe(include, exclude)],
    },
    samples: selectSamples(profile.samples, (row) => keeps(profile.samples.stack[row] as number)),
  };
}

function stackMatcher(
  profile: ProfileData,
  namer: FrameNamer,
  patterns: readonly FramePattern[],
): (stack: number) => boolean {
  if (patterns.length === 0) return () => false;
  const matches = compilePatterns(patterns);
  const { stacks, frames } = profile;
  const ofFrame = Uint8Array.from({ length: frames.length }, (_, frame) =>
    matches(namer.frameLabel(frame).text) ? 1 : 0,
  );
  const ofStack = new Uint8Array(stacks.length);
  // Parents come before their children.
  for (let stack = 1; stack < stacks.length; stack++) {
    ofStack[stack] =
      (ofStack[stacks.parent[stack] as number] as number) |
      (ofFrame[stacks.frame[stack] as number] as number);
  }
  ofStack[0] = matches(PROGRAM_FRAME) ? 1 : 0;
  return (stack) => ofStack[stack] === 1;
}

function describe(include: readonly FramePattern[], exclude: readonly FramePattern[]): string[] {
  return [
    ...include.map((pattern) => `include ${pattern}`),
    ...exclude.map((pattern) => `exclude ${pattern}`),
  ];
}
