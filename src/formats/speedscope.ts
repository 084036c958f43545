import { topLevelKeys } from './json-input.ts';
import type { ProfileFormat } from './profile-format.ts';
import { decodeSpeedscope } from './speedscope-decoder.ts';
import { encodeSpeedscope } from './speedscope-encoder.ts';

/** The files of https://www.speedscope.app. */
export const speedscopeFormat: ProfileFormat = {
  name: 'speedscope',
  extensions: ['.speedscope.json', '.speedscope'],
  matches: (_, bytes) => {
    for (const key of topLevelKeys(bytes)) if (key === 'shared') return true;
    return false;
  },
  decode: decodeSpeedscope,
  encode: encodeSpeedscope,
};
