import { topLevelKeys } from './json-input.ts';
import type { ProfileFormat } from './profile-format.ts';
import { decodeV8Log } from './v8-log-decoder.ts';

/** V8's tick log, as `node --prof-process --preprocess isolate-….log` writes it. Only read. */
export const v8LogFormat: ProfileFormat = {
  name: 'v8log',
  extensions: [],
  matches: (_, bytes) => {
    for (const key of topLevelKeys(bytes)) return key === 'code';
    return false;
  },
  decode: decodeV8Log,
};
