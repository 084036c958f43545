import { readFileSync } from 'node:fs';
import { Profile, type WriteOptions } from '../profile.ts';
import { SigprofError } from '../session/errors.ts';
import { type LaunchOptions, launch } from '../session/launch.ts';
import { DEFAULT_MAX_BYTES } from '../session/options.ts';
import { RecordingFolder } from '../session/recording-folder.ts';
import { StreamProgress } from '../session/stream-progress.ts';
import { ExitCode } from './exit-codes.ts';
import {
  checkWritable,
  defaultFileName,
  type OutputOptions,
  type OutputTarget,
  resolveOutput,
} from './output-target.ts';
import { nameOfProgram } from './program-name.ts';
import { report } from './reporter.ts';
import { summaryLines } from './summary.ts';
import { StatusLine } from './terminal/status-line.ts';
import { writeOutput } from './write-output.ts';

/** What `sigprof record` was asked for. */
export interface RecordSettings extends Omit<LaunchOptions, 'maxBytes'> {
  readonly output: OutputOptions;
  readonly style: WriteOptions;
  readonly sourceMaps: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly isQuiet: boolean;
}

/** Runs and records a program; returns the exit code. */
export async function recordCommand(settings: RecordSettings): Promise<number> {
  // Before the program runs: a mistake found afterwards would cost the recording.
  const target = resolveRecordOutput(settings);
  const folder = new RecordingFolder();
  let mayRemove = true;
  try {
    const program = await launch({ ...settings, maxBytes: DEFAULT_MAX_BYTES }, folder);
    try {
      const status = showProgress(settings, folder);
      const result = await program.ended;
      status?.stop();
      if (folder.streams().length === 0) {
        report(whyNothing(settings, folder));
        return result.exitCode === 0 ? ExitCode.failure : result.exitCode;
      }
      mayRemove = false;
      await writeRecording(settings, { ...target, path: target.path?.(program.pid) }, folder);
      mayRemove = true;
      return result.isTimeUp ? ExitCode.ok : result.exitCode;
    } finally {
      program.release();
    }
  } finally {
    if (mayRemove) folder.remove();
  }
}

interface RecordTarget extends Omit<OutputTarget, 'path'> {
  /** The name may hold the program's pid. */
  readonly path: ((pid: number) => string) | undefined;
}

function resolveRecordOutput(settings: RecordSettings): RecordTarget {
  const { output, format } = settings.output;
  if (output !== undefined) {
    const target = resolveOutput(settings.output);
    const { path } = target;
    return { format: target.format, path: path === undefined ? undefined : () => path };
  }
  const chosen = resolveOutput({ format }).format;
  const [extension = ''] = chosen.extensions;
  const path = (pid: number) =>
    defaultFileName(
      nameOfProgram([settings.command, ...settings.args]),
      pid,
      extension,
      new Date(),
    );
  checkWritable(path(0));
  return { format: chosen, path };
}

function showProgress(settings: RecordSettings, folder: RecordingFolder): StatusLine | undefined {
  if (settings.isQuiet || !process.stderr.isTTY) return undefined;
  const streams = new Map<string, StreamProgress>();
  return new StatusLine(process.stderr, () => {
    for (const path of folder.streams()) {
      if (!streams.has(path)) streams.set(path, new StreamProgress(path));
    }
    const all = [...streams.values()].map((stream) => stream.read());
    return {
      samples: all.reduce((sum, { samples }) => sum + samples, 0),
      lost: all.reduce((sum, { lost }) => sum + lost, 0),
    };
  });
}

function whyNothing({ command }: RecordSettings, folder: RecordingFolder): string {
  const [problem] = folder.problems();
  return problem === undefined
    ? `nothing recorded: '${command}' ran no Node.js process that takes NODE_OPTIONS; check what it runs`
    : `nothing recorded: ${problem}`;
}

// Whatever goes wrong from here on, the recording stays and the message says where.
async function writeRecording(
  settings: RecordSettings,
  target: OutputTarget,
  folder: RecordingFolder,
): Promise<void> {
  const streams = folder.streams();
  try {
    const profile = readStreams(streams, settings);
    await writeOutput(profile, target, { ...settings.style, title: commandLine(settings) });
    if (settings.isQuiet) return;
    for (const line of summaryLines(profile)) report(line);
    if (target.path !== undefined) report(`wrote ${target.path}; ${target.format.hint}`);
  } catch (error) {
    const { message } = error as Error;
    throw new SigprofError(
      'ERR_SIGPROF_OUTPUT',
      `${message}; the recording is kept in ${streams.join(' ')}, ` +
        `convert it with 'sigprof convert ${streams[0]} -o FILE'`,
      { cause: error },
    );
  }
}

function readStreams(streams: readonly string[], settings: RecordSettings): Profile {
  const { sourceMaps } = settings;
  const profiles = streams.map((stream) => Profile.read(readFileSync(stream), { sourceMaps }));
  const [first, ...others] = profiles;
  const merged = others.length === 0 ? (first as Profile) : (first as Profile).merge(...others);
  const { include, exclude, style } = settings;
  return include.length + exclude.length === 0
    ? merged
    : merged.filter({ ...style, include, exclude });
}

function commandLine({ command, args }: RecordSettings): string {
  return [command, ...args].join(' ');
}
