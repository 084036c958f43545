import { createRequire } from 'node:module';
import { SigprofError } from '../model/errors.ts';
import type { Addon } from './addon.ts';
import type { AddonLoader } from './loader-types.ts';

/**
 * The addon, loaded at the first call.
 * @throws SigprofError ERR_SIGPROF_ADDON_MISSING, ERR_SIGPROF_SECOND_COPY or ERR_SIGPROF_UNSUPPORTED
 */
export function loadAddon(): Addon {
  // Required lazily, so that reading and converting profiles works where no addon does.
  const loader = createRequire(import.meta.url)('./load-addon.cjs') as AddonLoader;
  const { addon, problem } = loader.loadAddon();
  if (addon === undefined) {
    throw new SigprofError(problem.code, problem.message, { cause: problem.cause });
  }
  return addon;
}
