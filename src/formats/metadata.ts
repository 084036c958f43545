// What other formats have no place for: how the profile was recorded. It travels as one JSON object, in a key of its own
// (`sigprof`) of JSON files and in a comment of pprof's. Viewers pass over both.

import { parseCounters, parseMeta } from '../model/batch-metadata.ts';
import type { ProfileCounters, ProfileData, ProfileMeta, Thread } from '../model/profile-data.ts';

/** How a profile was made, as it is stored in foreign formats. */
export interface StoredMetadata {
  readonly meta: ProfileMeta;
  readonly counters: ProfileCounters;
  readonly threads: readonly Thread[];
}

/** The object to store. */
export function metadataOf({ meta, counters, threads }: ProfileData): StoredMetadata {
  return { meta, counters, threads };
}

/** Reads the object back; undefined when it is no such object. Parts of the wrong type are left out. */
export function parseMetadata(value: unknown): StoredMetadata | undefined {
  if (!isObject(value) || !isObject(value['meta'])) return undefined;
  const { meta, counters, threads } = value;
  return {
    meta: parseMeta(meta as Record<string, unknown>),
    counters: parseCounters(isObject(counters) ? counters : {}),
    threads: Array.isArray(threads) ? threads.map(parseThread) : [],
  };
}

/** Whether a value is an object that is no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseThread(value: unknown): Thread {
  const { tid, kind, name } = isObject(value) ? value : {};
  return {
    tid: typeof tid === 'number' && Number.isInteger(tid) && tid >= 0 ? tid : 0,
    kind: kind === 'worker' || kind === 'native' ? kind : 'main',
    name: typeof name === 'string' ? name : '',
  };
}
