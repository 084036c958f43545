import type { ProfileData, Thread } from './profile-data.ts';
import { selectSamples } from './select-samples.ts';

/** One thread and the profile of its samples alone. */
export interface ThreadProfile {
  readonly thread: Thread;
  readonly profile: ProfileData;
}

/** A profile for each thread that has samples, the heaviest first. */
export function splitThreads(profile: ProfileData): ThreadProfile[] {
  const { samples, threads } = profile;
  const weights = new Float64Array(threads.length);
  const counts = new Uint32Array(threads.length);
  for (let row = 0; row < samples.length; row++) {
    const thread = samples.thread[row] as number;
    weights[thread] = (weights[thread] as number) + (samples.weight[row] as number);
    counts[thread] = (counts[thread] as number) + 1;
  }
  return threads
    .map((thread, index) => ({ thread, index }))
    .filter(({ index }) => (counts[index] as number) > 0)
    .sort((a, b) => (weights[b.index] as number) - (weights[a.index] as number))
    .map(({ thread, index }) => ({
      thread,
      profile: {
        ...profile,
        samples: selectSamples(samples, (row) => samples.thread[row] === index),
      },
    }));
}
