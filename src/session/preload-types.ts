import type { SamplingMode } from './options.ts';

/** What the environment asks of `sigprof/register`. */
export interface PreloadSettings {
  /** Signal number that switches sampling; 0: none. */
  readonly toggleSignal: number;
  readonly rateHz: number;
  readonly mode: SamplingMode;
  /** Absolute folder for the files. */
  readonly directory: string;
  readonly formats: readonly string[];
  /** Stop by itself after so long; 0: never. */
  readonly durationMs: number;
  readonly autostart: boolean;
  /** C and C++ frames too. */
  readonly native: boolean;
  readonly maxFiles: number;
  /** One line for each value that could not be used; its default is used instead. */
  readonly problems: readonly string[];
}

/** What session/preload-settings.cjs exports. */
export interface PreloadSettingsReader {
  readPreloadSettings(environment: NodeJS.ProcessEnv): PreloadSettings;
}

/** What `sigprof record` asks of the preload, as JSON in the variable SIGPROF_RECORD. */
export interface RecordRequest {
  /** Private folder for the streams. */
  readonly directory: string;
  readonly rateHz: number;
  readonly mode: SamplingMode;
  readonly idle: boolean;
  readonly native: boolean;
  /** 0: until the program ends. */
  readonly durationMs: number;
  readonly maxBytes: number;
  /** Child processes record too. */
  readonly subprocesses: boolean;
  readonly title: string;
}
