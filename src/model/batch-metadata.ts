import type { ProfileCounters, ProfileMeta } from './profile-data.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** The META chunk's object as metadata; values of the wrong type are taken as absent. */
export function parseMeta(json: JsonObject): ProfileMeta {
  const { filters, idle, sourceMaps } = json;
  return dropAbsent<ProfileMeta>({
    unit: string(json, 'unit') === 'count' ? 'count' : 'nanoseconds',
    mode: string(json, 'mode') === 'wall' ? 'wall' : 'cpu',
    pid: number(json, 'pid'),
    nodeVersion: string(json, 'nodeVersion'),
    v8Version: string(json, 'v8Version'),
    rateHz: number(json, 'rateHz'),
    effectiveRateHz: number(json, 'effectiveRateHz'),
    timer: string(json, 'timer'),
    startTimeMs: number(json, 'startTimeMs'),
    cwd: string(json, 'cwd'),
    title: string(json, 'title'),
    idle: typeof idle === 'boolean' ? idle : undefined,
    sourceMaps: typeof sourceMaps === 'boolean' ? sourceMaps : undefined,
    filters: Array.isArray(filters) ? filters.filter((f) => typeof f === 'string') : undefined,
  });
}

/** The COUNTERS chunk's object as counters; values of the wrong type are taken as absent. */
export function parseCounters(json: JsonObject): ProfileCounters {
  const lost: Record<string, number> = {};
  const { lost: given } = json as { lost?: unknown };
  if (typeof given === 'object' && given !== null) {
    for (const reason of Object.keys(given)) {
      const count = number(given as JsonObject, reason);
      if (count !== undefined) lost[reason] = count;
    }
  }
  return dropAbsent<ProfileCounters>({
    durationNs: number(json, 'durationNs'),
    cpuNs: number(json, 'cpuNs'),
    coveredNs: number(json, 'coveredNs'),
    helperCpuNs: number(json, 'helperCpuNs'),
    handlerNs: number(json, 'handlerNs'),
    barrierNs: number(json, 'barrierNs'),
    foreignSignals: number(json, 'foreignSignals'),
    incompleteSamples: number(json, 'incompleteSamples'),
    pauses: number(json, 'pauses'),
    pauseMedianNs: number(json, 'pauseMedianNs'),
    pauseP99Ns: number(json, 'pauseP99Ns'),
    pauseMaxNs: number(json, 'pauseMaxNs'),
    lost,
  });
}

function number(json: JsonObject, key: string): number | undefined {
  const value = json[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function string(json: JsonObject, key: string): string | undefined {
  const value = json[key];
  return typeof value === 'string' ? value : undefined;
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

function dropAbsent<T extends object>(values: Loose<T>): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
