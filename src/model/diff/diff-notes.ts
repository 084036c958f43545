import type { ProfileData } from '../profile-data.ts';
import type { ProfileDiff } from './diff-types.ts';

const UNLIKE_RATES = 1.1;
/** With fewer, even half of them in one function says nothing. */
const FEWEST_SAMPLES = 10;

type Profiles = readonly [ProfileData, ...ProfileData[]];

/** What limits the comparison of these profiles; one line each. */
export function notesOn(
  base: Profiles,
  next: Profiles,
  summaries: Pick<ProfileDiff, 'base' | 'new'>,
  isTestable: boolean,
): string[] {
  const notes: string[] = [];
  const rates = [...base, ...next].map(({ meta }) => meta.effectiveRateHz ?? meta.rateHz);
  const known = rates.filter((rate) => rate !== undefined && rate > 0) as number[];
  const [slowest, fastest] = [Math.min(...known), Math.max(...known)];
  if (known.length > 1 && fastest > slowest * UNLIKE_RATES) {
    notes.push(
      `sampled at different rates, ${Math.round(slowest)} and ${Math.round(fastest)} Hz: times and shares can be compared, numbers of samples can't`,
    );
  }
  if (base[0].meta.unit !== next[0].meta.unit) {
    notes.push(
      'one profile is of times, the other of counts: shares mean the same only if counts were taken by time',
    );
  }
  if (!isTestable) {
    notes.push(
      'how busy a process is differs from run to run, and one recording of a side cannot tell by how much: nothing is called significant; give several of each',
    );
  }
  for (const name of ['base', 'new'] as const) {
    const { method, samples, effectiveSamples } = summaries[name];
    if (samples === 0) notes.push(`the ${name} profile has no samples`);
    else if (effectiveSamples < FEWEST_SAMPLES) {
      notes.push(
        `the ${name} profile has only ${samples} samples: too few to tell anything from chance`,
      );
    } else if (method === 'assumed') {
      notes.push(
        `the ${name} profile has no times, or too few samples, to see how samples depend on each other: their variance is assumed to be three times that of independent ones`,
      );
    }
  }
  return notes;
}
