// The addon's surface, as native/addon exports it. Nothing else in src/ knows the shape of the binary.

/** Sampling settings, already validated; native code re-checks the ranges. */
export interface SamplingOptions {
  /** Samples per second and thread, 1 to 10000. */
  readonly rateHz: number;
  readonly mode: 'cpu' | 'wall';
  /** Keep samples of idle threads (wall mode). */
  readonly idle: boolean;
  /** Bound of the tables' memory in bytes. */
  readonly maxBytes: number;
}

/** Settings of the process-wide file recorder used by the preload; fixed at load. */
export interface RecorderOptions extends SamplingOptions {
  /** Signal number that switches sampling on and off; 0: none. */
  readonly toggleSignal: number;
  /** Start at once. */
  readonly autostart: boolean;
  /** Stop after so long; 0: never. */
  readonly durationMs: number;
  /** Folder for recordings; each is a file sigprof-<pid>-<YYYYMMDD-HHMMSS>-<n>.sigprof. */
  readonly directory: string;
  /** Where to append the one recording instead (used by `sigprof record`); '' for none. */
  readonly streamPath: string;
  /** Most recordings kept of this process; the oldest is removed. */
  readonly maxFiles: number;
  /** Program and arguments run for each finished recording, its path appended; [] leaves the .sigprof file. */
  readonly converter: readonly string[];
  /** Title of the profile (the command line). */
  readonly title: string;
}

export interface StartResult {
  /** The rate the kernel's timers reach; at most the rate asked for. */
  readonly effectiveRateHz: number;
  readonly timer: 'posix-cpu' | 'perf' | 'sampler-thread';
}

/** A refusal by native code: `code` is a SigprofError code, `message` one line. */
export interface AddonStatus {
  readonly ok: boolean;
  readonly code: string;
  readonly message: string;
}

export interface Addon {
  /** Whether the running V8 can be sampled: layout found, calibrated and self-tested at load. */
  status(): AddonStatus;
  /** Starts sampling all threads of this process. Throws an Error with a `code`. */
  start(options: SamplingOptions): StartResult;
  /** Ends the recording; the batch encoding (docs/batch-format.md) of all of it. */
  stop(): ArrayBuffer;
  isRunning(): boolean;
  /** Installs the file recorder and its signals. Once per process; throws an Error with a `code`. */
  installRecorder(options: RecorderOptions): void;
  /** Ends and writes a running file recording, waiting until the file is complete. No-op if none runs. */
  finishRecorder(): void;
}
