/**
 * How the command ends; `record` passes on the program's own code instead of 0, `diff --fail-if-slower` tells slower from
 * failed.
 */
export const ExitCode = { ok: 0, failure: 1, usage: 2, slower: 3 } as const;

/** How a verb ends with a code of its own. */
export type SetExitCode = (exitCode: number) => void;
