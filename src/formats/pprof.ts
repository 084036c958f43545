import { decodePprof, PPROF_SHAPE } from './pprof-decoder.ts';
import { encodePprof, METADATA_FIELD } from './pprof-encoder.ts';
import type { ProfileFormat } from './profile-format.ts';
import { wireFields } from './protobuf.ts';

const LAST_FIELD = 15;
const ENOUGH_FIELDS = 8;

/** Google's pprof, as `go tool pprof` and most continuous profilers read it. */
export const pprofFormat: ProfileFormat = {
  name: 'pprof',
  extensions: ['.pb.gz', '.pprof', '.pb'],
  matches: looksLikePprof,
  decode: decodePprof,
  encode: encodePprof,
};

/** Protobuf has no magic: fields of numbers that profile.proto has, and bytes that no text has. */
function looksLikePprof(head: Uint8Array, bytes: Uint8Array): boolean {
  const isText = head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
  if (isText) return false;
  let fields = 0;
  try {
    for (const { number } of wireFields(bytes, { ...PPROF_SHAPE, nested: {} })) {
      if (number > LAST_FIELD && number !== METADATA_FIELD) return false;
      if (++fields >= ENOUGH_FIELDS) return true;
    }
  } catch {
    return fields > 1; // cut off: the decoder says where
  }
  return fields > 1;
}
