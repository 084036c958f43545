import type { SamplingOptions } from '../native/addon.ts';
import { invalidOption, SigprofError } from './errors.ts';

/** How a thread is sampled: as it uses CPU, or as time passes. */
export type SamplingMode = 'cpu' | 'wall';

/** Settings of a recording in this process. */
export interface ProfilerOptions {
  /** Samples per second and thread, 1 to 10000. @default 100 */
  readonly rateHz?: number | undefined;
  /** `cpu`: a thread is sampled as it uses CPU; `wall`: as time passes. @default 'cpu' */
  readonly mode?: SamplingMode | undefined;
  /** Keep samples of idle threads in wall mode. @default false */
  readonly idle?: boolean | undefined;
  /** Bound of the memory for names, frames and stacks, in bytes, 1 MiB to 1 GiB. @default 67108864 */
  readonly maxBytes?: number | undefined;
  /** Record C and C++ frames too, and threads without JavaScript by their stacks. @default false */
  readonly native?: boolean | undefined;
  /** Show scripts that have a source map as their sources; maps are read when the profile is. @default true */
  readonly sourceMaps?: boolean | undefined;
}

/** Settings of {@link profile}. */
export interface ProfileOptions extends ProfilerOptions {
  /** How long to record, in milliseconds; more than 0, at most 2147483647. */
  readonly durationMs: number;
  /** Ends the recording early when aborted; the promise still resolves. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of a profiler, checked and complete. */
export interface ProfilerSettings extends SamplingOptions {
  readonly sourceMaps: boolean;
}

export const DEFAULT_RATE_HZ = 100;
export const MIN_RATE_HZ = 1;
export const MAX_RATE_HZ = 10_000;
export const DEFAULT_MAX_BYTES = 67_108_864;
const MIN_MAX_BYTES = 2 ** 20;
const MAX_MAX_BYTES = 2 ** 30;
/** The longest delay of a Node timer. */
export const MAX_DURATION_MS = 2_147_483_647;

const PROFILER_OPTION_NAMES = ['rateHz', 'mode', 'idle', 'maxBytes', 'native', 'sourceMaps'];
const PROFILE_OPTION_NAMES = [...PROFILER_OPTION_NAMES, 'durationMs', 'signal'];

/** Checks and completes the options of `new Profiler()`. @throws SigprofError ERR_SIGPROF_INVALID_OPTION */
export function resolveProfilerOptions(options: ProfilerOptions): ProfilerSettings {
  return resolveSampling(options, PROFILER_OPTION_NAMES);
}

/** Checks and completes the options of `profile()`. @throws SigprofError ERR_SIGPROF_INVALID_OPTION */
export function resolveProfileOptions(options: ProfileOptions): {
  readonly sampling: ProfilerSettings;
  readonly durationMs: number;
  readonly signal: AbortSignal | undefined;
} {
  const sampling = resolveSampling(options, PROFILE_OPTION_NAMES);
  const { durationMs, signal } = options;
  if (!(typeof durationMs === 'number' && durationMs > 0 && durationMs <= MAX_DURATION_MS)) {
    throw invalidOption(
      'durationMs',
      `a number more than 0 and at most ${MAX_DURATION_MS}`,
      durationMs,
    );
  }
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalidOption('signal', 'an AbortSignal', signal);
  }
  return { sampling, durationMs, signal };
}

function resolveSampling(options: ProfilerOptions, names: readonly string[]): ProfilerSettings {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('options', 'an object', options);
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new SigprofError(
        'ERR_SIGPROF_INVALID_OPTION',
        `Unknown option '${name}'; known are ${names.join(', ')}`,
      );
    }
  }
  const {
    rateHz = DEFAULT_RATE_HZ,
    mode = 'cpu',
    idle = false,
    maxBytes = DEFAULT_MAX_BYTES,
    native = false,
    sourceMaps = true,
  } = options;
  requireInteger('rateHz', rateHz, MIN_RATE_HZ, MAX_RATE_HZ);
  if (mode !== 'cpu' && mode !== 'wall') throw invalidOption('mode', "'cpu' or 'wall'", mode);
  requireBoolean('idle', idle);
  requireInteger('maxBytes', maxBytes, MIN_MAX_BYTES, MAX_MAX_BYTES);
  requireBoolean('native', native);
  requireBoolean('sourceMaps', sourceMaps);
  return { rateHz, mode, idle, maxBytes, native, sourceMaps };
}

function requireInteger(option: string, value: unknown, min: number, max: number): void {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw invalidOption(option, `a whole number from ${min} to ${max}`, value);
  }
}

function requireBoolean(option: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidOption(option, 'true or false', value);
}

// By shape, because signals of other realms (jsdom, vm) are no instances of ours.
function isAbortSignal(value: unknown): value is AbortSignal {
  const signal = value as Partial<AbortSignal> | null;
  return (
    typeof signal === 'object' &&
    signal !== null &&
    typeof signal.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function'
  );
}
