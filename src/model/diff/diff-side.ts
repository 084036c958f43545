import type { FrameNameOptions } from '../frame-names.ts';
import { type FunctionIdentity, FunctionRows } from '../function-rows.ts';
import { type ProfileData, sumSamples } from '../profile-data.ts';
import type { DiffNormalization, DiffSide } from './diff-types.ts';
import { hasTimes, joinReplicates, type Replicates, sumByPart, sumOf } from './replicates.ts';
import { sampleSize } from './sample-size.ts';
import { addVariances, maxVariance, ratioVariance, type Variance } from './significance.ts';

/** A recording is cut so fine, and looked at in windows of a tenth of it. */
const PARTS = 100;
const WINDOWS = 10;
/** With fewer samples in a window it says next to nothing. */
const SAMPLES_OF_WINDOW = 10;
/** How many times the variance of independent samples is assumed where nothing can be measured. */
const ASSUMED_INFLATION = 3;
/**
 * V8 optimises a function a little sooner or later in each run, on a thread of its own; until then it runs many times as
 * slow. Seen to shift the time of one function by this much from run to run, as a standard deviation.
 */
const WARM_UP_NS = 10e6;
const CERTAIN = Number.POSITIVE_INFINITY;

/** Own weights, or own and callees' weights. */
export type Metric = 'self' | 'total';

/** One side of a comparison, ready to be asked for values and their variances. */
export class MeasuredSide {
  readonly list: readonly FunctionIdentity[];
  readonly summary: DiffSide;
  readonly #replicates: Replicates;
  /** What values of several recordings are divided by, by recording. */
  readonly #denominators: Float64Array;
  readonly #noise: number;
  readonly #normalize: DiffNormalization;
  readonly #isTime: boolean;

  constructor(
    profiles: readonly ProfileData[],
    normalize: DiffNormalization,
    noise: number,
    names: FrameNameOptions,
  ) {
    this.#normalize = normalize;
    this.#noise = noise;
    const functions = new FunctionRows();
    const maps = profiles.map((profile) => functions.mapFrames(profile, names));
    this.list = functions.list;
    const sum = (profile: ProfileData, parts: number) =>
      sumByPart(profile, maps[profiles.indexOf(profile)] as Uint32Array, this.list.length, parts);
    const size = profiles.reduce((total, profile) => total + sampleSize(profile), 0);
    const [first] = profiles as [ProfileData];
    this.#isTime = first.meta.unit === 'nanoseconds';
    const method = chooseMethod(profiles, size);
    this.#replicates =
      method === 'recordings'
        ? joinReplicates(profiles.map((profile) => sum(profile, 1)))
        : sum(first, method === 'parts' ? PARTS : 1);
    const durations = Float64Array.from(profiles, ({ counters }) => counters.durationNs ?? 0);
    const isTimed = durations.every((duration) => duration > 0);
    this.#denominators = {
      share: this.#replicates.weight,
      second: durations.map((durationNs) => durationNs / 1e9),
      recording: new Float64Array(profiles.length).fill(1),
    }[normalize];
    this.summary = {
      recordings: profiles.length,
      samples: profiles.reduce((total, { samples }) => total + sumSamples(samples).samples, 0),
      weight: sumOf(this.#replicates.weight),
      durationNs: isTimed ? sumOf(durations) : undefined,
      effectiveSamples: method === 'assumed' ? size / ASSUMED_INFLATION : size,
      method,
    };
  }

  /** The share of all weight; row -1 is a function this side does not have. */
  share(row: number, metric: Metric): number {
    const { weight } = this.summary;
    return weight > 0 ? this.#weight(row, metric) / weight : 0;
  }

  /** The value in the unit of the comparison. */
  value(row: number, metric: Metric): number {
    return this.share(row, metric) * this.#scale();
  }

  /**
   * The variance of the value.
   * @param pooledShare the share on both sides together, which is what it is on this one unless there is a difference
   */
  variance(row: number, metric: Metric, pooledShare: number): Variance {
    const { method, effectiveSamples } = this.summary;
    const scale = this.#scale();
    const independent = {
      value: ((pooledShare * (1 - pooledShare)) / Math.max(1, effectiveSamples)) * scale ** 2,
      degreesOfFreedom: CERTAIN,
    };
    if (method === 'assumed') return addVariances(independent, this.#assumedNoise(row, metric));
    const measured = maxVariance(independent, this.#measuredVariance(row, metric));
    return method === 'recordings'
      ? measured
      : addVariances(measured, this.#assumedNoise(row, metric));
  }

  /** All weight in the unit of the comparison, and its variance. */
  whole(): { value: number; variance: Variance } {
    const value = this.#scale();
    const { method } = this.summary;
    const noise = { value: (this.#noise * value) ** 2, degreesOfFreedom: CERTAIN };
    const variance = method === 'recordings' ? this.#scaled(this.#replicates.weight) : noise;
    return { value, variance };
  }

  #weight(row: number, metric: Metric): number {
    return row < 0 ? 0 : sumOf(this.#column(row, metric));
  }

  #column(row: number, metric: Metric): Float64Array {
    const { count } = this.#replicates;
    return this.#replicates[metric].subarray(row * count, (row + 1) * count);
  }

  /** What a share of 1 is in the unit of the comparison. */
  #scale(): number {
    const { weight, durationNs = 0, recordings } = this.summary;
    if (this.#normalize === 'share') return 1;
    if (this.#normalize === 'recording') return weight / recordings;
    return durationNs > 0 ? weight / (durationNs / 1e9) : 0;
  }

  #measuredVariance(row: number, metric: Metric): Variance {
    if (row < 0) return { value: 0, degreesOfFreedom: this.#replicates.count - 1 };
    return this.#scaled(this.#column(row, metric));
  }

  /** The variance of a column's sum in the unit of the comparison. */
  #scaled(column: Float64Array): Variance {
    const { weight } = this.#replicates;
    if (this.summary.method === 'recordings') return ratioVariance(column, this.#denominators);
    const { value, degreesOfFreedom } = ratioVariance(column, weight, weight.length / WINDOWS);
    return { value: value * this.#scale() ** 2, degreesOfFreedom };
  }

  /** What runs of the same program differ by, where a single one can't tell. */
  #assumedNoise(row: number, metric: Metric): Variance {
    const share = this.share(row, metric);
    const { weight } = this.summary;
    const warmUp = this.#isTime && weight > 0 ? WARM_UP_NS / weight : 0;
    // More time of one function makes the whole larger too, so its share grows by less.
    const damping = this.#normalize === 'share' ? 1 - share : 1;
    const relative = (this.#noise * share) ** 2 + Math.min(warmUp, share) ** 2;
    return { value: relative * (damping * this.#scale()) ** 2, degreesOfFreedom: CERTAIN };
  }
}

function chooseMethod(profiles: readonly ProfileData[], size: number): DiffSide['method'] {
  if (profiles.length > 1) return 'recordings';
  const [first] = profiles as [ProfileData];
  return hasTimes(first) && size >= WINDOWS * SAMPLES_OF_WINDOW ? 'parts' : 'assumed';
}
