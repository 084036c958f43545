import { FrameNamer } from '../model/frame-names.ts';
import { FrameFlag, FunctionKind, type ProfileData } from '../model/profile-data.ts';
import type { DumpInfo, RemoteOptions, ThreadState } from '../native/addon.ts';
import { decodeBatch } from '../native/batch.ts';
import { loadAddon } from '../native/load.ts';
import { mapProfile } from '../source-maps/map-profile.ts';
import type { SourceMapper } from '../source-maps/source-mapper.ts';
import { asSigprofError, SigprofError } from './errors.ts';
import { DEFAULT_MAX_BYTES, DEFAULT_RATE_HZ } from './options.ts';

export type { ThreadState } from '../native/addon.ts';

/** One active function, callee before caller. */
export interface DumpFrame {
  /** As it reads in every output. */
  readonly name: string;
  readonly kind: keyof typeof FunctionKind;
  /** Path or URL of the script as V8 has it; '' when there is none. */
  readonly file: string;
  /** The same, shortened. */
  readonly path: string;
  /** The executing line, 1-based; 0 when unknown. */
  readonly line: number;
  /** Where the function is defined, 1-based; 0 when unknown. */
  readonly functionLine: number;
  /** What runs it; null for frames that are no JavaScript. */
  readonly tier: Tier | null;
  /** Has no frame of its own on the machine's stack. */
  readonly inlined: boolean;
}

/** V8's tiers: Ignition, Sparkplug, Maglev, Turbofan. */
export type Tier = (typeof TIERS)[number];
const TIERS = ['interpreter', 'baseline', 'maglev', 'turbofan'] as const;

/** A thread as it was found. */
export interface ThreadDump {
  readonly tid: number;
  /** As the operating system knows it. */
  readonly name: string;
  readonly kind: 'main' | 'worker' | 'native';
  readonly state: ThreadState;
  /** Number of the system call it sleeps in; null when it does not. */
  readonly syscall: number | null;
  /** All frames were read. */
  readonly complete: boolean;
  readonly frames: readonly DumpFrame[];
}

/** A process as it was found. */
export interface ProcessDump {
  readonly pid: number;
  readonly commandLine: string;
  readonly executable: string;
  readonly nodeVersion: string;
  readonly v8Version: string;
  readonly stripped: boolean;
  readonly threads: readonly ThreadDump[];
}

/** How to dump. */
export interface DumpOptions {
  readonly fullFilenames: boolean;
  /** C and C++ frames too. */
  readonly native: boolean;
  /** Child Node processes too. */
  readonly subprocesses: boolean;
  readonly nonblocking: boolean;
  /** Reads scripts with their source maps; they show as they run when there is none. */
  readonly maps: SourceMapper | undefined;
}

/** Why a process below another is left out. */
const NO_CONCERN = ['ERR_SIGPROF_NOT_NODE', 'ERR_SIGPROF_NO_PROCESS', 'ERR_SIGPROF_ZOMBIE'];

/**
 * The stacks of a process now, and with `subprocesses` of all Node processes below it.
 * @throws SigprofError with the reason why the process can't be read; see docs/cli.md
 */
export function dumpProcesses(pid: number, options: DumpOptions): ProcessDump[] {
  const dumps = [dumpProcess(pid, options)];
  if (!options.subprocesses) return dumps;
  for (const child of loadAddon().processesBelow(pid)) {
    try {
      dumps.push(dumpProcess(child, options));
    } catch (error) {
      if (!(error instanceof SigprofError) || !NO_CONCERN.includes(error.code)) throw error;
    }
  }
  return dumps;
}

function dumpProcess(
  pid: number,
  { fullFilenames, native, nonblocking, maps }: DumpOptions,
): ProcessDump {
  const request: RemoteOptions = {
    pid,
    nonblocking,
    subprocesses: false,
    rateHz: DEFAULT_RATE_HZ,
    mode: 'cpu',
    idle: false,
    native,
    maxBytes: DEFAULT_MAX_BYTES,
  };
  try {
    const { batch, info } = loadAddon().remoteDump(request);
    const { threads, ...facts } = JSON.parse(info) as DumpInfo;
    const recorded = decodeBatch(batch);
    const profile = maps === undefined ? recorded : mapProfile(recorded, maps);
    const stacks = stacksByThread(profile, new FrameNamer(profile, { fullFilenames }));
    return {
      ...facts,
      threads: threads.map((thread) => ({
        ...thread,
        syscall: thread.syscall ?? null,
        frames: stacks.get(thread.tid) ?? [],
      })),
    };
  } catch (error) {
    throw asSigprofError(error);
  }
}

function stacksByThread(profile: ProfileData, namer: FrameNamer): Map<number, DumpFrame[]> {
  const { samples, stacks, threads } = profile;
  const byThread = new Map<number, DumpFrame[]>();
  for (let row = 0; row < samples.length; row++) {
    const frames: DumpFrame[] = [];
    for (let at = samples.stack[row] as number; at !== 0; at = stacks.parent[at] as number) {
      frames.push(describeFrame(profile, namer, stacks.frame[at] as number));
    }
    const thread = threads[samples.thread[row] as number];
    if (thread !== undefined) byThread.set(thread.tid, frames);
  }
  return byThread;
}

function describeFrame(profile: ProfileData, namer: FrameNamer, frame: number): DumpFrame {
  const { frames, functions, strings } = profile;
  const fn = frames.function[frame] as number;
  const { name, path } = namer.functionName(fn);
  const kind = kindName(functions.kind[fn] as number);
  const flags = frames.flags[frame] as number;
  return {
    name,
    kind,
    file: strings[functions.script[fn] as number] as string,
    path,
    line: frames.line[frame] as number,
    functionLine: functions.line[fn] as number,
    tier:
      kind === 'javascript'
        ? (TIERS[(flags & FrameFlag.tierMask) >> FrameFlag.tierShift] ?? null)
        : null,
    inlined: (flags & FrameFlag.inlined) !== 0,
  };
}

const KIND_NAMES = Object.keys(FunctionKind) as (keyof typeof FunctionKind)[];

function kindName(kind: number): keyof typeof FunctionKind {
  return KIND_NAMES.find((name) => FunctionKind[name] === kind) ?? 'special';
}
