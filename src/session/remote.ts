import type { ProfileData } from '../model/profile-data.ts';
import type { Addon, RemoteOptions, RemoteProgress } from '../native/addon.ts';
import { decodeBatch } from '../native/batch.ts';
import { loadAddon } from '../native/load.ts';
import { Profile } from '../profile.ts';
import { mapProfile } from '../source-maps/map-profile.ts';
import type { SourceMapper } from '../source-maps/source-mapper.ts';
import { asSigprofError } from './errors.ts';

export type { RemoteOptions, RemoteProgress } from '../native/addon.ts';

/** A recording of another process, which loads nothing into it. One at a time. */
export class RemoteRecording {
  readonly #addon: Addon;
  readonly #maps: SourceMapper | undefined;

  /**
   * Attaches and begins to sample.
   * @param maps reads scripts with their source maps; they show as they run when there is none
   * @throws SigprofError with the reason why the process can't be sampled; see docs/cli.md
   */
  constructor(options: RemoteOptions, maps?: SourceMapper) {
    this.#maps = maps;
    this.#addon = loadAddon();
    callNative(() => this.#addon.remoteStart(options));
  }

  progress(): RemoteProgress {
    return callNative(() => this.#addon.remoteProgress());
  }

  /** What was recorded since the last call, one table set a process. */
  take(): ProfileData[] {
    const maps = this.#maps;
    const taken = callNative(() => this.#addon.remoteTake()).map((batch) => decodeBatch(batch));
    return maps === undefined ? taken : taken.map((profile) => mapProfile(profile, maps));
  }

  /** Ends the recording and lets go of the process; what was not taken yet, of all processes. */
  stop(): Profile {
    const [first, ...others] = callNative(() => this.#addon.remoteStop()).map((batch) =>
      this.#read(batch),
    );
    if (first === undefined) throw new Error('a recording has at least one process');
    const seen = others.filter((profile) => profile.totals.samples > 0);
    return seen.length === 0 ? first : first.merge(...seen);
  }

  #read(batch: ArrayBuffer): Profile {
    const sourceMaps = this.#maps !== undefined;
    return Profile.read(new Uint8Array(batch), { format: 'sigprof', sourceMaps });
  }
}

function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asSigprofError(error);
  }
}
