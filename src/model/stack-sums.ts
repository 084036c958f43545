import type { ProfileData } from './profile-data.ts';

/** What the samples of each stack add up to, by the stack's row. */
export interface StackSums {
  readonly weight: Float64Array;
  readonly samples: Float64Array;
}

/** Adds up the samples by stack. */
export function sumByStack({ samples, stacks }: ProfileData): StackSums {
  const weight = new Float64Array(stacks.length);
  const ticks = new Float64Array(stacks.length);
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stack[row] as number;
    weight[stack] = (weight[stack] as number) + (samples.weight[row] as number);
    ticks[stack] = (ticks[stack] as number) + (samples.ticks[row] as number);
  }
  return { weight, samples: ticks };
}

/** Calls back with each stack that has samples. */
export function forEachStack(
  sums: StackSums,
  visit: (stack: number, weight: number, samples: number) => void,
): void {
  for (let stack = 0; stack < sums.weight.length; stack++) {
    const weight = sums.weight[stack] as number;
    const samples = sums.samples[stack] as number;
    if (weight !== 0 || samples !== 0) visit(stack, weight, samples);
  }
}
