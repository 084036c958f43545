import { SigprofError } from '../errors.ts';
import { compareFunctions, type FunctionIdentity, functionLabel } from '../function-rows.ts';
import { matcher } from '../function-totals.ts';
import type { ProfileData } from '../profile-data.ts';
import { notesOn } from './diff-notes.ts';
import { MeasuredSide, type Metric } from './diff-side.ts';
import type {
  Change,
  DiffNormalization,
  DiffOptions,
  FunctionDiff,
  ProfileDiff,
} from './diff-types.ts';
import { type FunctionPair, matchFunctions } from './match-functions.ts';
import { addVariances, discoveryThreshold, testDelta } from './significance.ts';

const DEFAULT_CONFIDENCE = 0.95;
const DEFAULT_NOISE = 0.02;
/** With fewer samples expected on either side no test holds what it promises. */
const FEWEST_EXPECTED = 5;

type Profiles = readonly [ProfileData, ...ProfileData[]];

/**
 * Compares two profiles, or two groups of recordings, function by function.
 * @throws SigprofError ERR_SIGPROF_INVALID_OPTION when they count different things, or for a wrong option
 */
export function diffProfiles(
  base: Profiles,
  next: Profiles,
  options: DiffOptions = {},
): ProfileDiff {
  const { normalize = 'share', confidence = DEFAULT_CONFIDENCE, noise = DEFAULT_NOISE } = options;
  checkOptions(normalize, confidence, noise);
  checkComparable([...base, ...next], normalize);
  const comparison = new Comparison(
    new MeasuredSide(base, normalize, noise, options),
    new MeasuredSide(next, normalize, noise, options),
    normalize,
    confidence,
  );
  const isOneUnit = base[0].meta.unit === next[0].meta.unit;
  return {
    normalize,
    unit: unitOf(base[0], normalize),
    confidence,
    noise,
    base: comparison.base.summary,
    new: comparison.next.summary,
    whole: isOneUnit ? comparison.whole() : undefined,
    functions: listFunctions(comparison, options),
    notes: notesOn(
      base,
      next,
      { base: comparison.base.summary, new: comparison.next.summary },
      comparison.isTestable,
    ),
  };
}

/** Both sides, and what they are asked. */
class Comparison {
  readonly base: MeasuredSide;
  readonly next: MeasuredSide;
  /** Load differs from run to run by nobody knows how much; only several recordings show it. */
  readonly isTestable: boolean;
  readonly #confidence: number;

  constructor(
    base: MeasuredSide,
    next: MeasuredSide,
    normalize: DiffNormalization,
    confidence: number,
  ) {
    this.base = base;
    this.next = next;
    this.#confidence = confidence;
    this.isTestable =
      normalize !== 'second' || [base, next].every(({ summary }) => summary.recordings > 1);
  }

  get falseDiscoveryRate(): number {
    return 1 - this.#confidence;
  }

  change(pair: FunctionPair, metric: Metric): Change {
    const before = this.base.value(pair.base, metric);
    const after = this.next.value(pair.next, metric);
    const [n1, n2] = [this.base.summary.effectiveSamples, this.next.summary.effectiveSamples];
    const [p1, p2] = [this.base.share(pair.base, metric), this.next.share(pair.next, metric)];
    const pooled = n1 + n2 > 0 ? Math.min(1, (p1 * n1 + p2 * n2) / (n1 + n2)) : 0;
    const change = plainChange(before, after);
    if (!this.isTestable || pooled * Math.min(n1, n2) < FEWEST_EXPECTED) return change;
    const variance = addVariances(
      this.base.variance(pair.base, metric, pooled),
      this.next.variance(pair.next, metric, pooled),
    );
    return { ...change, ...testDelta(change.delta, variance, this.#confidence) };
  }

  whole(): Change {
    const [before, after] = [this.base.whole(), this.next.whole()];
    const change = plainChange(before.value, after.value);
    if (!this.isTestable || before.value === 0 || after.value === 0) return change;
    const variance = addVariances(before.variance, after.variance);
    const tested = testDelta(change.delta, variance, this.#confidence);
    // One comparison, so no other is considered.
    return { ...change, ...tested, significant: tested.pValue <= this.falseDiscoveryRate };
  }
}

function plainChange(before: number, after: number): Change {
  const delta = after - before;
  const relative = before > 0 ? delta / before : undefined;
  const untested = { margin: undefined, pValue: undefined, significant: false };
  return { base: before, new: after, delta, relative, ...untested };
}

function listFunctions(comparison: Comparison, options: DiffOptions): FunctionDiff[] {
  const { base, next, falseDiscoveryRate } = comparison;
  const rows = matchFunctions(base.list, next.list)
    .map((pair) => ({
      ...identityOf(pair, base.list, next.list),
      status: statusOf(pair, base, next),
      self: comparison.change(pair, 'self'),
      total: comparison.change(pair, 'total'),
    }))
    .filter(({ total }) => total.base > 0 || total.new > 0);
  const pValues = rows.flatMap(({ self, total }) => [self.pValue, total.pValue]);
  const threshold = discoveryThreshold(
    pValues.filter((p) => p !== undefined),
    falseDiscoveryRate,
  );
  const marked = (change: Change): Change => ({
    ...change,
    significant: change.pValue !== undefined && change.pValue <= threshold,
  });
  const matches = matcher(options.match);
  const key = options.sort ?? 'self';
  const other = key === 'total' ? 'self' : 'total';
  return rows
    .map((row) => ({ ...row, self: marked(row.self), total: marked(row.total) }))
    .filter((row) => matches(functionLabel(row)))
    .sort(
      (a, b) =>
        Math.abs(b[key].delta) - Math.abs(a[key].delta) ||
        Math.abs(b[other].delta) - Math.abs(a[other].delta) ||
        compareFunctions(a, b),
    )
    .slice(0, options.limit);
}

function identityOf(
  pair: FunctionPair,
  base: readonly FunctionIdentity[],
  next: readonly FunctionIdentity[],
): FunctionIdentity {
  return (pair.next >= 0 ? next[pair.next] : base[pair.base]) as FunctionIdentity;
}

/** A function may be known to a profile without being in any of its samples. */
function statusOf(
  pair: FunctionPair,
  base: MeasuredSide,
  next: MeasuredSide,
): FunctionDiff['status'] {
  if (base.share(pair.base, 'total') === 0) return 'new';
  return next.share(pair.next, 'total') === 0 ? 'gone' : 'both';
}

function unitOf({ meta }: ProfileData, normalize: DiffNormalization): ProfileDiff['unit'] {
  if (normalize === 'share') return 'fraction';
  return normalize === 'second' ? `${meta.unit}/second` : meta.unit;
}

function checkOptions(normalize: DiffNormalization, confidence: number, noise: number): void {
  if (!['share', 'second', 'recording'].includes(normalize)) {
    throw invalid(`normalize must be 'share', 'second' or 'recording', got '${normalize}'`);
  }
  if (!(confidence > 0.5 && confidence < 1)) {
    throw invalid(`confidence must be above 0.5 and below 1, got ${confidence}`);
  }
  if (!(noise >= 0 && noise <= 1)) throw invalid(`noise must be from 0 to 1, got ${noise}`);
}

function checkComparable(profiles: readonly ProfileData[], normalize: DiffNormalization): void {
  const modes = new Set(
    profiles.filter(({ meta }) => meta.unit === 'nanoseconds').map(({ meta }) => meta.mode),
  );
  if (modes.size > 1) {
    throw invalid(
      'one profile is of CPU time, another of elapsed time; record both in the same mode',
    );
  }
  const units = new Set(profiles.map(({ meta }) => meta.unit));
  if (units.size > 1 && normalize !== 'share') {
    throw invalid(
      "one profile is of times, another of counts: only their shares can be compared; use normalize 'share'",
    );
  }
  const isTimed = profiles.every(({ counters }) => (counters.durationNs ?? 0) > 0);
  if (normalize === 'second' && !isTimed) {
    throw invalid("a profile does not tell how long it took; use normalize 'share'");
  }
}

function invalid(message: string): SigprofError {
  return new SigprofError('ERR_SIGPROF_INVALID_OPTION', message);
}
