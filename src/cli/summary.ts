import type { Profile } from '../profile.ts';

/** From this share of lost samples on, the loss is the first thing to say. */
const ALARMING_SHARE = 0.01;

const LOST_REASONS: Readonly<Record<string, string>> = {
  ringFull: 'buffer full',
  unresolvedFrames: 'frames without a name',
  truncatedStacks: 'stacks cut short',
  unusableStacks: 'stacks not readable',
  tableFull: 'memory bound reached',
  brokenNativeStacks: 'native stacks with gaps',
  timerOverruns: 'ticks merged by the kernel',
  threadsWithoutTimer: 'threads without a timer',
  unseenInJs: 'looks at a thread in JavaScript, which needs it stopped',
  threadsAtKernelRate: "threads at the kernel's own rate",
  foreignStacks: 'ticks on a foreign stack',
  signalTaken: 'tick signal (SIGURG) taken by the program, which ended the sampling',
};
/** Reasons that cost whole samples; the others are told, but lose no time of the profile. */
const LOSES_SAMPLES = ['ringFull', 'unusableStacks', 'tableFull', 'unseenInJs'];

/** What to tell people about a finished recording, one line each. */
export function summaryLines(profile: Profile): string[] {
  const { counters, meta } = profile;
  const { samples } = profile.totals;
  const { lost } = counters;
  const loss = lossLine(profile) ?? 'nothing lost';
  const lostSamples = LOSES_SAMPLES.reduce((sum, reason) => sum + (lost[reason] ?? 0), 0);
  const lines = [
    ...profile.warnings.map((warning) => `warning: ${warning}`),
    `${samples} samples${inSeconds(counters.durationNs)}${cpuCovered(profile)}`,
    ...(meta.effectiveRateHz !== undefined && meta.effectiveRateHz < 0.95 * (meta.rateHz ?? 0)
      ? [`${reacher(meta.timer)} reached ${Math.round(meta.effectiveRateHz)} of ${meta.rateHz} Hz`]
      : []),
    ...pauseLines(profile),
  ];
  if (lostSamples > ALARMING_SHARE * (samples + lostSamples)) {
    const percent = ((100 * lostSamples) / (samples + lostSamples)).toFixed(1);
    return [`warning: ${percent} % of the samples are missing; ${loss}`, ...lines];
  }
  return [...lines, loss];
}

/** What was lost, by reason; undefined: nothing. */
export function lossLine({ counters }: Profile): string | undefined {
  const reasons = Object.entries(counters.lost)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${LOST_REASONS[reason] ?? reason}`);
  return reasons.length === 0 ? undefined : `lost: ${reasons.join(', ')}`;
}

function reacher(timer: string | undefined): string {
  return timer === 'ptrace' || timer === 'nonblocking' ? 'the sampler' : 'the timers';
}

/** What it cost a process that was recorded from outside. */
function pauseLines({ counters }: Profile): string[] {
  const { pauses = 0, pauseMedianNs = 0, pauseP99Ns = 0 } = counters;
  if (pauses === 0) return [];
  const micros = (ns: number) => `${Math.round(ns / 1000)} µs`;
  return [
    `a stop for a sample took ${micros(pauseMedianNs)} (median), ${micros(pauseP99Ns)} (p99)`,
  ];
}

function inSeconds(durationNs: number | undefined): string {
  return durationNs === undefined ? '' : ` in ${(durationNs / 1e9).toFixed(2)} s`;
}

function cpuCovered({ counters, meta }: Profile): string {
  const { cpuNs, coveredNs } = counters;
  if (meta.mode !== 'cpu' || cpuNs === undefined || coveredNs === undefined) return '';
  const covered = (coveredNs / 1e9).toFixed(2);
  const percent = cpuNs > 0 ? Math.min(100, (100 * coveredNs) / cpuNs).toFixed(1) : '100.0';
  return `, ${covered} s of CPU time covered (${percent} %)`;
}
