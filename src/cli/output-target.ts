import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SigprofError } from '../session/errors.ts';
import { formatNamed, formatOfFile, type OutputFormat } from './output-formats.ts';
import { UsageError } from './reporter.ts';

/** Where a result goes. */
export interface OutputTarget {
  readonly format: OutputFormat;
  /** The file; undefined: stdout. */
  readonly path: string | undefined;
}

/** Settings of the command line that decide where a result goes. */
export interface OutputOptions {
  readonly output?: string | undefined;
  readonly format?: string | undefined;
}

const DEFAULT_FORMAT = 'flamegraph';

/**
 * Decides the format and checks that the result can be written, before any work is done for it.
 * A missing `output` means stdout here.
 * @throws UsageError, or SigprofError ERR_SIGPROF_OUTPUT
 */
export function resolveOutput(options: OutputOptions): OutputTarget {
  const { output = '-', format } = options;
  if (output === '-') return { format: formatNamed(format ?? DEFAULT_FORMAT), path: undefined };
  if (output === '') throw new UsageError('--output needs a file name, or "-" for stdout');
  checkWritable(output);
  const chosen = format === undefined ? formatOfFile(output) : formatNamed(format);
  return { format: chosen, path: output };
}

/** Refuses paths that cannot become a file, with the reason. */
export function checkWritable(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) throw new UsageError(`'${path}' is a folder; name a file in it`);
  // Devices and pipes are written to as they are.
  if (stats !== undefined && !stats.isFile()) return;
  const folder = dirname(resolve(path));
  try {
    // The file is made under another name and renamed, so the folder's permissions count.
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'no such folder; create it first' : 'no permission to write there';
    throw new SigprofError('ERR_SIGPROF_OUTPUT', `cannot write '${path}': ${folder}: ${reason}`, {
      cause: error,
    });
  }
}

/** `sigprof-<name>-<pid>-<YYYYMMDD-HHMMSS><extension>`, in local time. */
export function defaultFileName(name: string, pid: number, extension: string, at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  const safe = name.replace(/[^\w.-]+/g, '_').slice(0, 64) || 'program';
  return `sigprof-${safe}-${pid}-${date}-${time}${extension}`;
}
