import type { Profile, WriteOptions } from '../profile.ts';
import { SigprofError } from '../session/errors.ts';
import type { OutputTarget } from './output-target.ts';
import { leftToCaller } from './reporter.ts';

/**
 * Writes a profile where it was asked for.
 * @throws SigprofError ERR_SIGPROF_OUTPUT
 */
export async function writeOutput(
  profile: Profile,
  { path, format }: OutputTarget,
  options: WriteOptions,
): Promise<void> {
  if (path !== undefined) {
    await profile.write(path, { ...options, format: format.name });
    return;
  }
  for (const piece of profile.encode(format.name, options)) await writeToStdout(piece);
}

/** Resolves when it is written, or when nobody reads any more (`… | head`). */
function writeToStdout(piece: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(piece, (error: NodeJS.ErrnoException | null | undefined) => {
      if (error) leftToCaller.add(error);
      if (!error || error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') resolve();
      else
        reject(new SigprofError('ERR_SIGPROF_OUTPUT', `can't write to stdout: ${error.message}`));
    });
  });
}
