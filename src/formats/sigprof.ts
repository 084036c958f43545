import { decodeBatch } from '../model/batch-decoder.ts';
import { encodeBatch } from '../model/batch-encoder.ts';
import { isBatch } from '../model/batch-layout.ts';
import type { ProfileFormat } from './profile-format.ts';

/** sigprof's own recordings, docs/batch-format.md: everything that was sampled, nothing folded. */
export const sigprofFormat: ProfileFormat = {
  name: 'sigprof',
  extensions: ['.sigprof'],
  matches: isBatch,
  decode: (bytes) => decodeBatch(bytes),
  encode: (profile) => encodeBatch(profile),
};
