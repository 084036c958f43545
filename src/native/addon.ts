// The addon's surface, as native/addon exports it. Nothing else in src/ knows the shape of the binary.

/** Sampling settings, already validated; native code re-checks the ranges. */
export interface SamplingOptions {
  /** Samples per second and thread, 1 to 10000. */
  readonly rateHz: number;
  readonly mode: 'cpu' | 'wall';
  /** Keep samples of idle threads (wall mode). */
  readonly idle: boolean;
  /** C and C++ frames too, and threads without JavaScript by their stacks. */
  readonly native: boolean;
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

/** Settings of a recording of other processes. */
export interface RemoteOptions extends SamplingOptions {
  readonly pid: number;
  /** Child Node processes too. */
  readonly subprocesses: boolean;
  /** Never stop a thread. */
  readonly nonblocking: boolean;
}

/** How a recording of other processes goes. */
export interface RemoteProgress {
  /** Some process is still there to be sampled. */
  readonly running: boolean;
  /** How the process asked for ended: it exited, or runs another program now; '' while it goes on. */
  readonly ended: '' | 'exited' | 'exec';
  /** Sampled now. */
  readonly processes: number;
  readonly samples: number;
  readonly lost: number;
}

/** What a thread of another process was found doing. */
export type ThreadState =
  | 'running' // JavaScript, or V8's builtins
  | 'native' // C++ on a CPU
  | 'gc'
  | 'idle' // in the event loop, nothing to do
  | 'lock' // asleep in a futex
  | 'syscall' // asleep in another system call
  | 'stopped' // by a signal
  | 'unknown';

/** The JSON text that `remoteDump` returns as `info`. */
export interface DumpInfo {
  readonly pid: number;
  readonly commandLine: string;
  readonly executable: string;
  readonly nodeVersion: string;
  readonly v8Version: string;
  /** The binary has no symbol table: builtins have no names. */
  readonly stripped: boolean;
  readonly threads: readonly {
    readonly tid: number;
    readonly name: string;
    readonly kind: 'main' | 'worker' | 'native';
    readonly state: ThreadState;
    /** Number of the system call it sleeps in. */
    readonly syscall?: number;
    /** All frames were read. */
    readonly complete: boolean;
  }[];
}

/** The stacks of a process. */
export interface DumpResult {
  /** One sample for each thread with JavaScript on its stack; thread rows carry the tid. */
  readonly batch: ArrayBuffer;
  /** {@link DumpInfo} */
  readonly info: string;
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
  /** Starts to record another process; one recording at a time. Throws an Error with a `code`. */
  remoteStart(options: RemoteOptions): void;
  remoteProgress(): RemoteProgress;
  /** A batch for each process of what was recorded since the last call; each stands for itself. */
  remoteTake(): ArrayBuffer[];
  /** Ends it; a batch for each process of what was not taken yet. */
  remoteStop(): ArrayBuffer[];
  /** The stacks of a process now. Throws an Error with a `code`. */
  remoteDump(options: RemoteOptions): DumpResult;
  /** Ids of the processes below one, parents first. */
  processesBelow(pid: number): number[];
}
