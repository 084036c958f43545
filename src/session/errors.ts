import { inspect } from 'node:util';
import { SigprofError } from '../model/errors.ts';

export { SigprofError, type SigprofErrorCode } from '../model/errors.ts';

/** The error for a wrong argument: names the option, what was expected and what came. */
export function invalidOption(option: string, expectation: string, value: unknown): SigprofError {
  const shown = inspect(value, {
    depth: 0,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 80,
  });
  return new SigprofError(
    'ERR_SIGPROF_INVALID_OPTION',
    `Expected option '${option}' to be ${expectation}, got ${shown}`,
  );
}

/** The code and message of a thrown value, as a SigprofError; native errors carry their code along. */
export function asSigprofError(error: unknown): SigprofError {
  if (error instanceof SigprofError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const known = typeof code === 'string' && code.startsWith('ERR_SIGPROF_');
  return new SigprofError(
    known ? (code as SigprofError['code']) : 'ERR_SIGPROF_UNSUPPORTED',
    typeof message === 'string' ? message : String(error),
    { cause: error },
  );
}
