import type { Profile, WriteOptions } from '../profile.ts';
import type { OutputTarget } from './output-target.ts';

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
  for (const piece of profile.encode(format.name, options)) process.stdout.write(piece);
}
