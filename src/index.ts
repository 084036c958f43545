export {
  type DecodeOptions,
  type EncodeOptions,
  type FilterOptions,
  type FlameGraphOptions,
  type FunctionTotals,
  type FunctionTotalsOptions,
  Profile,
  type ProfileCounters,
  type ProfileMeta,
  type ProfileTotals,
  type ReadOptions,
  type Thread,
  type WriteOptions,
} from './profile.ts';
export { SigprofError, type SigprofErrorCode } from './session/errors.ts';
export type { ProfileOptions, ProfilerOptions, SamplingMode } from './session/options.ts';
export { Profiler, profile } from './session/profiler.ts';
