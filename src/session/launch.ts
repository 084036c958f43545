import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import type { SamplingOptions } from '../native/addon.ts';
import { SigprofError } from './errors.ts';
import { MAX_DURATION_MS } from './options.ts';
import { checkPermissionFlags } from './permission-flags.ts';
import { preloadEnvironment } from './preload-environment.ts';
import type { RecordingFolder } from './recording-folder.ts';
import { relaySignals } from './relay-signals.ts';

/** What to launch and how to record it. */
export interface LaunchOptions extends SamplingOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** End recording and program after so long; 0: when the program ends. */
  readonly durationMs: number;
  /** Record child Node processes too. */
  readonly subprocesses: boolean;
}

/** How the launched program ended. */
export interface LaunchResult {
  /** The program's own code, or 128+n for a signal. */
  readonly exitCode: number;
  /** Whether it was ended because the duration was over. */
  readonly isTimeUp: boolean;
}

/** A launched program under recording. */
export interface Launch {
  readonly pid: number;
  readonly ended: Promise<LaunchResult>;
  /** Gives Ctrl-C and the other signals back their usual meaning; to be called when all is written. */
  release(): void;
}

/** How long a program may take to end after SIGTERM. */
const GRACE_MS = 5000;
/** The recorder writes its last batch just after the duration. */
const DURATION_MARGIN_MS = 250;

/**
 * Starts a program whose first Node process records itself into `folder`.
 * @throws SigprofError ERR_SIGPROF_TARGET when the program cannot be started
 */
export async function launch(options: LaunchOptions, folder: RecordingFolder): Promise<Launch> {
  const { command, args, ...recording } = options;
  checkPermissionFlags(args);
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: preloadEnvironment(process.env, {
      ...recording,
      directory: folder.path,
      title: [command, ...args].join(' '),
    }),
  });
  // Before anything is awaited: a program that ends at once must not be missed.
  const exited = new Promise<number>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
  const stopRelay = relaySignals(child);
  try {
    await spawned(child, command);
  } catch (error) {
    stopRelay();
    throw error;
  }
  const limit =
    options.durationMs > 0 ? limitDuration(child, options.durationMs, folder) : undefined;
  const ended = exited.then((exitCode) => ({ exitCode, isTimeUp: limit?.cancel() ?? false }));
  return { pid: child.pid ?? 0, ended, release: stopRelay };
}

function spawned(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(explainSpawn(error, command)));
  });
}

function explainSpawn(error: NodeJS.ErrnoException, command: string): SigprofError {
  const reasons: Record<string, string> = {
    ENOENT: 'no such command; check the spelling and PATH',
    EACCES: 'not executable; check its permissions',
  };
  let reason = reasons[error.code ?? ''] ?? error.message;
  if (/\.[cm]?[jt]s$/.test(command) && existsSync(command)) {
    reason = `a script needs its interpreter; use 'sigprof record -- node ${command}'`;
  }
  return new SigprofError('ERR_SIGPROF_TARGET', `cannot start '${command}': ${reason}`, {
    cause: error,
  });
}

// Ends the program when its recording has lasted long enough. Counted from the first stream, because
// a program may take its time before it runs Node.
function limitDuration(
  child: ChildProcess,
  durationMs: number,
  folder: RecordingFolder,
): { cancel(): boolean } {
  let isTimeUp = false;
  let timer = setTimeout(end, Math.min(durationMs + DURATION_MARGIN_MS, MAX_DURATION_MS));

  function end(): void {
    const remainingMs = remainingOf(folder, durationMs + DURATION_MARGIN_MS);
    if (remainingMs > 0) {
      timer = setTimeout(end, remainingMs);
      return;
    }
    isTimeUp = true;
    child.kill('SIGTERM');
    timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  }

  return {
    cancel() {
      clearTimeout(timer);
      return isTimeUp;
    },
  };
}

function remainingOf(folder: RecordingFolder, durationMs: number): number {
  const starts = folder.streams().map((stream) => statSync(stream).birthtimeMs);
  if (starts.length === 0) return 0;
  return Math.ceil(Math.min(...starts) + durationMs - Date.now());
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
