import { inspect } from 'node:util';
import { SigprofError } from '../session/errors.ts';
import { ExitCode, exitCodeOf } from './exit-codes.ts';

/** A mistake on the command line: reported in one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Errors of a stream that whoever wrote to it deals with, so that its listener need not. */
export const leftToCaller: WeakSet<Error> = new WeakSet();

/** Writes words for people to stderr, one line each; data has stdout for itself. */
export function report(line: string): void {
  process.stderr.write(`sigprof: ${line}\n`);
}

/** Reports an error in one line, with its stack under NODE_DEBUG=sigprof; returns the exit code. */
export function reportError(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  report(message.replace(/\s*\n\s*/g, ' '));
  if (isDebugging()) process.stderr.write(`${inspect(error)}\n`);
  if (error instanceof UsageError) return ExitCode.usage;
  return error instanceof SigprofError ? exitCodeOf(error.code) : ExitCode.failure;
}

function isDebugging(): boolean {
  const { NODE_DEBUG = '' } = process.env;
  return /\bsigprof\b/i.test(NODE_DEBUG);
}
