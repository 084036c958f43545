import type { Addon, StartResult } from '../native/addon.ts';
import { loadAddon } from '../native/load.ts';
import { Profile } from '../profile.ts';
import { asSigprofError, SigprofError } from './errors.ts';
import {
  type ProfileOptions,
  type ProfilerOptions,
  type ProfilerSettings,
  resolveProfileOptions,
  resolveProfilerOptions,
} from './options.ts';

/**
 * Records all threads of this process. At most one recording runs in a process.
 *
 * ```ts
 * const profiler = new Profiler({ rateHz: 1000 });
 * profiler.start();
 * work();
 * await profiler.stop().write('flame.svg');
 * ```
 */
export class Profiler {
  readonly #options: ProfilerSettings;
  readonly #addon: Addon;
  #started: StartResult | undefined;
  #isRunning = false;

  /**
   * Checks the options and loads the addon, which takes some milliseconds the first time; `start()` does not.
   * @throws SigprofError ERR_SIGPROF_INVALID_OPTION, ERR_SIGPROF_UNSUPPORTED, ERR_SIGPROF_ADDON_MISSING
   */
  constructor(options: ProfilerOptions = {}) {
    this.#options = resolveProfilerOptions(options);
    this.#addon = loadAddon();
  }

  /** Whether this profiler records now. */
  get running(): boolean {
    return this.#isRunning;
  }

  /** The rate the kernel's timers reach, at most the rate asked for; undefined before the first start. */
  get effectiveRateHz(): number | undefined {
    return this.#started?.effectiveRateHz;
  }

  /**
   * Starts to record, synchronously.
   * @throws SigprofError ERR_SIGPROF_ALREADY_RUNNING, ERR_SIGPROF_UNSUPPORTED, ERR_SIGPROF_TIMER
   */
  start(): void {
    if (this.#addon.isRunning()) {
      throw new SigprofError(
        'ERR_SIGPROF_ALREADY_RUNNING',
        this.#isRunning
          ? 'This profiler is running already; stop it first'
          : 'Another recording runs in this process; stop it first, only one can run at a time',
      );
    }
    this.#started = callNative(this.#addon, (addon) => addon.start(this.#options));
    this.#isRunning = true;
  }

  /**
   * Ends the recording.
   * @throws SigprofError ERR_SIGPROF_NOT_RUNNING
   */
  stop(): Profile {
    if (!this.#isRunning) {
      throw new SigprofError(
        'ERR_SIGPROF_NOT_RUNNING',
        'This profiler is not running; start it first',
      );
    }
    this.#isRunning = false;
    const batch = callNative(this.#addon, (addon) => addon.stop());
    return Profile.read(new Uint8Array(batch), { sourceMaps: this.#options.sourceMaps });
  }

  /** Ends a running recording and drops it, so that `using profiler = …` never leaves one behind. */
  [Symbol.dispose](): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    callNative(this.#addon, (addon) => addon.stop());
  }
}

/**
 * Records this process for a while. An aborted `signal` ends the recording early; the promise
 * resolves with what was recorded until then.
 */
export async function profile(options: ProfileOptions): Promise<Profile> {
  const { sampling, durationMs, signal } = resolveProfileOptions(options);
  const profiler = new Profiler(sampling);
  profiler.start();
  if (signal?.aborted !== true) await elapsedOrAborted(durationMs, signal);
  return profiler.stop();
}

// The timer keeps the event loop alive: the caller waits for the profile.
function elapsedOrAborted(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, durationMs);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

function callNative<T>(addon: Addon, call: (addon: Addon) => T): T {
  try {
    return call(addon);
  } catch (error) {
    throw asSigprofError(error);
  }
}
