import type { SigprofErrorCode } from '../model/errors.ts';

/**
 * How the command ends; `record` passes on the program's own code instead of 0, `diff --fail-if-slower` tells slower from
 * failed. `told` is of the converter: the recorder that started it need not say why there is no picture.
 */
export const ExitCode = { ok: 0, failure: 1, usage: 2, slower: 3, told: 14 } as const;

/** Reasons why a process can't be looked at have codes of their own, for scripts. */
const CODES: Partial<Record<SigprofErrorCode, number>> = {
  ERR_SIGPROF_INVALID_OPTION: ExitCode.usage,
  ERR_SIGPROF_NO_PROCESS: 4,
  ERR_SIGPROF_ZOMBIE: 5,
  ERR_SIGPROF_OTHER_USER: 6,
  ERR_SIGPROF_PTRACE_DENIED: 7,
  ERR_SIGPROF_TRACED: 8,
  ERR_SIGPROF_NOT_NODE: 9,
  ERR_SIGPROF_UNSUPPORTED: 10,
};

/** The exit code for an error of ours. */
export function exitCodeOf(code: SigprofErrorCode): number {
  return CODES[code] ?? ExitCode.failure;
}

/** How a verb ends with a code of its own. */
export type SetExitCode = (exitCode: number) => void;
