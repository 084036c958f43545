import { invalid } from './invalid.ts';

/** What a value of a pprof sample counts. */
export interface ValueKind {
  readonly type: string;
  readonly unit: string;
}

/** The value taken as weight, and what else it tells. */
export interface ChosenValue {
  readonly index: number;
  /** Nanoseconds of one unit, 1 for counts. */
  readonly scale: number;
  readonly unit: 'nanoseconds' | 'count';
  readonly mode: 'cpu' | 'wall';
  /** The value that counts samples; -1 when there is none. */
  readonly ticksIndex: number;
}

const NS_PER_UNIT: Readonly<Record<string, number>> = {
  nanoseconds: 1,
  ns: 1,
  microseconds: 1e3,
  us: 1e3,
  milliseconds: 1e6,
  ms: 1e6,
  seconds: 1e9,
  s: 1e9,
};

/**
 * The default value, else the last one, as pprof chooses.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE when there is none
 */
export function chooseValue(types: readonly ValueKind[], preferred: string): ChosenValue {
  if (types.length === 0) throw invalid('it has no sample type');
  const named = types.findIndex(({ type }) => type === preferred);
  const index = preferred !== '' && named >= 0 ? named : types.length - 1;
  const { type, unit } = types[index] as ValueKind;
  const scale = Object.hasOwn(NS_PER_UNIT, unit) ? (NS_PER_UNIT[unit] as number) : 0;
  const ticksIndex = types.findIndex((kind) => kind.type === 'samples' && kind.unit === 'count');
  return {
    index,
    scale: scale || 1,
    unit: scale > 0 ? 'nanoseconds' : 'count',
    mode: /wall/i.test(type) ? 'wall' : 'cpu',
    ticksIndex,
  };
}
