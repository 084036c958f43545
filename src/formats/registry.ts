import { SigprofError } from '../model/errors.ts';
import { collapsedFormat } from './collapsed.ts';
import { cpuProfileFormat } from './cpuprofile.ts';
import { pprofFormat } from './pprof.ts';
import type { ProfileFormat } from './profile-format.ts';
import { sigprofFormat } from './sigprof.ts';
import { speedscopeFormat } from './speedscope.ts';
import { v8LogFormat } from './v8-log.ts';

const HEAD_BYTES = 4096;

/** Every file format, in the order in which content is asked. */
export const profileFormats: readonly ProfileFormat[] = [
  sigprofFormat,
  speedscopeFormat,
  cpuProfileFormat,
  v8LogFormat,
  pprofFormat,
  collapsedFormat,
];

/** The format of that name among `formats`. */
export function formatByName(
  name: string,
  formats: readonly ProfileFormat[] = profileFormats,
): ProfileFormat {
  const format = formats.find((candidate) => candidate.name === name);
  if (format) return format;
  const names = formats.map((candidate) => candidate.name).join(', ');
  throw unknown(`no format is called ${JSON.stringify(name)}; there are: ${names}`);
}

/** The format the longest fitting extension stands for, if any. */
export function formatByExtension(
  path: string,
  formats: readonly ProfileFormat[] = profileFormats,
): ProfileFormat | undefined {
  const lower = path.toLowerCase();
  let best: ProfileFormat | undefined;
  let bestLength = 0;
  for (const format of formats) {
    for (const extension of format.extensions) {
      if (extension.length > bestLength && lower.endsWith(extension)) {
        best = format;
        bestLength = extension.length;
      }
    }
  }
  return best;
}

/**
 * The format a file is in. Content goes before the name: a wrong extension is common, wrong magic bytes are not.
 * @throws SigprofError ERR_SIGPROF_UNKNOWN_FORMAT
 */
export function detectFormat(bytes: Uint8Array, path = ''): ProfileFormat {
  const head = bytes.subarray(0, HEAD_BYTES);
  const named = formatByExtension(path);
  if (named?.decode && (named.matches === undefined || named.matches(head, bytes))) return named;
  const format = profileFormats.find(
    (candidate) => candidate.decode && candidate.matches?.(head, bytes),
  );
  if (format) return format;
  // Let the named format say what is wrong with the content.
  if (named?.decode) return named;
  throw unknown(describeUnknown(head));
}

/** Files people take for profiles, by how they begin. */
const LOOKALIKES: readonly (readonly [RegExp, string])[] = [
  [/^PERFILE2/, "it is perf's recording; fold it with 'perf script | stackcollapse-perf.pl' first"],
  [/^v8-version,/, "it is V8's raw tick log; run 'node --prof-process --preprocess' on it first"],
  [/^\s*(?:<\?xml|<svg|<!doctype|<html)/i, "it is a picture or page, which can't be read back"],
  [/^\{\s*"traceEvents"/, 'it is a Chrome trace; save the CPU profile alone'],
  [/^\{"snapshot"/, 'it is a heap snapshot'],
];

function describeUnknown(head: Uint8Array): string {
  if (head.length === 0) return 'it is empty';
  const text = new TextDecoder('latin1').decode(head);
  const known = LOOKALIKES.find(([pattern]) => pattern.test(text));
  return (
    known?.[1] ?? 'neither its name nor its content tells the format; name it with an extension'
  );
}

function unknown(message: string): SigprofError {
  return new SigprofError('ERR_SIGPROF_UNKNOWN_FORMAT', message);
}
