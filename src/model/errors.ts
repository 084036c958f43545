/** Stable codes of the errors sigprof raises; safe to compare against. */
export type SigprofErrorCode =
  | 'ERR_SIGPROF_ALREADY_RUNNING'
  | 'ERR_SIGPROF_NOT_RUNNING'
  | 'ERR_SIGPROF_INVALID_OPTION'
  | 'ERR_SIGPROF_UNSUPPORTED'
  | 'ERR_SIGPROF_ADDON_MISSING'
  | 'ERR_SIGPROF_SIGNAL_TAKEN'
  | 'ERR_SIGPROF_SECOND_COPY'
  | 'ERR_SIGPROF_TIMER'
  | 'ERR_SIGPROF_INVALID_PROFILE'
  | 'ERR_SIGPROF_UNKNOWN_FORMAT'
  | 'ERR_SIGPROF_OUTPUT'
  | 'ERR_SIGPROF_TARGET'
  | 'ERR_SIGPROF_NO_PROCESS'
  | 'ERR_SIGPROF_ZOMBIE'
  | 'ERR_SIGPROF_OTHER_USER'
  | 'ERR_SIGPROF_PTRACE_DENIED'
  | 'ERR_SIGPROF_TRACED'
  | 'ERR_SIGPROF_NOT_NODE';

/** An error with a cause and a remedy in one line, told apart by `code`. */
export class SigprofError extends Error {
  override readonly name = 'SigprofError';
  readonly code: SigprofErrorCode;

  constructor(code: SigprofErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
