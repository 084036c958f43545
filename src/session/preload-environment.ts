import { fileURLToPath } from 'node:url';
import type { RecordRequest } from './preload-types.ts';

/** The environment under which a program loads the preload and records as asked. */
export function preloadEnvironment(
  base: NodeJS.ProcessEnv,
  request: RecordRequest,
): NodeJS.ProcessEnv {
  const preload = fileURLToPath(new URL('../register.cjs', import.meta.url));
  const { NODE_OPTIONS = '', SIGPROF_DISABLE: _, ...others } = base;
  return {
    ...others,
    // First, so that nothing the program preloads itself escapes the recording.
    NODE_OPTIONS: `--require ${quoteNodeOption(preload)} ${NODE_OPTIONS}`.trimEnd(),
    SIGPROF_RECORD: JSON.stringify(request),
  };
}

/** Quotes as Node's parser of NODE_OPTIONS reads it: backslashes escape within double quotes only. */
export function quoteNodeOption(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
