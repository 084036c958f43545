import { SigprofError } from './errors.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type {
  FrameId,
  FunctionId,
  FunctionKind,
  ProfileCounters,
  ProfileData,
  ProfileMeta,
  StackId,
} from './profile-data.ts';

/**
 * One profile with the samples of all, on a common time line. Threads stay apart, also those of equal ids.
 * @throws SigprofError ERR_SIGPROF_INVALID_OPTION when their weights count different things
 */
export function mergeProfiles(profiles: readonly [ProfileData, ...ProfileData[]]): ProfileData {
  const [first] = profiles;
  for (const { meta } of profiles) {
    if (meta.unit !== first.meta.unit || meta.mode !== first.meta.mode) {
      throw new SigprofError(
        'ERR_SIGPROF_INVALID_OPTION',
        `profiles of ${describe(first.meta)} and of ${describe(meta)} can't be merged: their sums would mean nothing`,
      );
    }
  }
  const starts = profiles.map(({ meta }) => meta.startTimeMs);
  const isTimed = starts.every((start) => start !== undefined);
  const startTimeMs = isTimed ? Math.min(...(starts as number[])) : undefined;
  const builder = new ProfileBuilder();
  for (const profile of profiles) {
    const startMs = profile.meta.startTimeMs ?? 0;
    appendProfile(builder, profile, startTimeMs === undefined ? 0 : (startMs - startTimeMs) * 1e6);
  }
  const counters = profiles.map((profile) => profile.counters).reduce(addCounters);
  const merged = builder.build(mergeMeta(profiles, startTimeMs), counters);
  const texts = profiles.flatMap(({ sourceTexts }) => [...(sourceTexts ?? [])]);
  return texts.length === 0 ? merged : { ...merged, sourceTexts: new Map(texts) };
}

function describe(meta: ProfileMeta): string {
  if (meta.unit === 'count') return 'counts';
  return meta.mode === 'cpu' ? 'CPU time' : 'elapsed time';
}

function appendProfile(builder: ProfileBuilder, profile: ProfileData, shiftNs: number): void {
  const { strings, functions, frames, stacks, threads, samples } = profile;
  const text = (id: number | undefined) => strings[id as number] as string;
  const functionIds = new Uint32Array(functions.length);
  for (let fn = 0; fn < functions.length; fn++) {
    functionIds[fn] = builder.internFunction({
      name: text(functions.name[fn]),
      // Each recording has its own working directory; a relative path would be read against the first one's.
      script: text(functions.script[fn]),
      line: functions.line[fn] as number,
      column: functions.column[fn] as number,
      kind: functions.kind[fn] as FunctionKind,
    });
  }
  const frameIds = new Uint32Array(frames.length);
  for (let frame = 0; frame < frames.length; frame++) {
    frameIds[frame] = builder.internFrame(
      functionIds[frames.function[frame] as number] as FunctionId,
      frames.line[frame],
      frames.column[frame],
      frames.flags[frame],
    );
  }
  const stackIds = new Uint32Array(stacks.length);
  for (let stack = 1; stack < stacks.length; stack++) {
    stackIds[stack] = builder.internStack(
      stackIds[stacks.parent[stack] as number] as StackId,
      frameIds[stacks.frame[stack] as number] as FrameId,
    );
  }
  const threadIds = threads.map((thread) => builder.addThread(thread));
  for (let row = 0; row < samples.length; row++) {
    const thread = threadIds[samples.thread[row] as number];
    if (thread === undefined) continue; // the decoders refuse samples of unknown threads
    builder.addSample({
      stack: stackIds[samples.stack[row] as number] as StackId,
      weight: samples.weight[row] as number,
      thread,
      timeNs: (samples.timeNs[row] as number) + shiftNs,
      ticks: samples.ticks[row] as number,
      flags: samples.flags[row] as number,
    });
  }
  for (const warning of profile.warnings) builder.addWarning(warning);
}

function mergeMeta(profiles: readonly ProfileData[], startTimeMs: number | undefined): ProfileMeta {
  const merged: { -readonly [K in keyof ProfileMeta]?: ProfileMeta[K] } = {};
  for (const key of Object.keys(profiles[0]?.meta ?? {}) as (keyof ProfileMeta)[]) {
    const values = new Set(profiles.map(({ meta }) => JSON.stringify(meta[key])));
    // What differs is not true of the whole.
    if (values.size === 1) Object.assign(merged, { [key]: profiles[0]?.meta[key] });
  }
  const titles = new Set(
    profiles.map(({ meta }) => meta.title).filter((title) => title !== undefined),
  );
  if (titles.size > 0) merged.title = [...titles].join(' + ');
  if (startTimeMs !== undefined) merged.startTimeMs = startTimeMs;
  // What was mapped in one must not be mapped again.
  if (profiles.some(({ meta }) => meta.sourceMaps === true)) merged.sourceMaps = true;
  return merged as ProfileMeta;
}

function addCounters(a: ProfileCounters, b: ProfileCounters): ProfileCounters {
  const lost: Record<string, number> = { ...a.lost };
  for (const [reason, count] of Object.entries(b.lost)) lost[reason] = (lost[reason] ?? 0) + count;
  const sums: Record<string, number> = {};
  const totals = [
    'durationNs',
    'cpuNs',
    'coveredNs',
    'helperCpuNs',
    'handlerNs',
    'barrierNs',
    'foreignSignals',
    'incompleteSamples',
    'pauses',
  ] as const;
  for (const key of totals) {
    const [x, y] = [a[key], b[key]];
    if (x !== undefined && y !== undefined) sums[key] = x + y;
  }
  // Quantiles don't add up: the worse one.
  for (const key of ['pauseMedianNs', 'pauseP99Ns', 'pauseMaxNs'] as const) {
    const [x, y] = [a[key], b[key]];
    if (x !== undefined && y !== undefined) sums[key] = Math.max(x, y);
  }
  return { ...sums, lost };
}
