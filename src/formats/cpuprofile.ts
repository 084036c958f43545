import { decodeCpuProfile } from './cpuprofile-decoder.ts';
import { encodeCpuProfile } from './cpuprofile-encoder.ts';
import { topLevelKeys } from './json-input.ts';
import type { ProfileFormat } from './profile-format.ts';

/** CPU profiles of Chrome DevTools, VS Code and `node --cpu-prof`. */
export const cpuProfileFormat: ProfileFormat = {
  name: 'cpuprofile',
  extensions: ['.cpuprofile'],
  matches: (_, bytes) => {
    for (const key of topLevelKeys(bytes)) if (key === 'nodes') return true;
    return false;
  },
  decode: decodeCpuProfile,
  encode: encodeCpuProfile,
};
