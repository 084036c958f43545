import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { SigprofError } from './errors.ts';

const NEEDED = ['--allow-addons', '--allow-fs-read', '--allow-fs-write'];

/**
 * Refuses a Node command whose permission model would keep the recorder out: Node itself could not read
 * the preload then, and the program would not start at all.
 * @throws SigprofError ERR_SIGPROF_TARGET with the options to add
 */
export function checkPermissionFlags(args: readonly string[]): void {
  const script = args.findIndex((word) => !word.startsWith('-'));
  const flags = script === -1 ? args : args.slice(0, script);
  const names = new Set(flags.map((flag) => flag.split('=')[0]));
  if (!names.has('--permission') && !names.has('--experimental-permission')) return;
  if (NEEDED.every((name) => names.has(name))) return;
  const own = fileURLToPath(new URL('../..', import.meta.url));
  throw new SigprofError(
    'ERR_SIGPROF_TARGET',
    "Node's permission model would keep the recorder out of the program; add --allow-addons, " +
      `--allow-fs-read=${own}* and --allow-fs-write=${tmpdir()}/* to its options`,
  );
}
