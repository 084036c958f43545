import { SigprofError } from '../model/errors.ts';

/** The error of every reader: one line that says what is wrong and where. */
export function invalid(message: string, cause?: unknown): SigprofError {
  return new SigprofError('ERR_SIGPROF_INVALID_PROFILE', message, { cause });
}

/** A value of unknown type and length, as a message may show it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
