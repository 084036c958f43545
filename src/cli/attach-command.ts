import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile, WriteOptions } from '../profile.ts';
import { SigprofError } from '../session/errors.ts';
import { type RemoteOptions, RemoteRecording } from '../session/remote.ts';
import { SourceMapper } from '../source-maps/source-mapper.ts';
import { catchEndSignals, waitForEnd } from './attach-end.ts';
import { ExitCode } from './exit-codes.ts';
import {
  checkWritable,
  defaultFileName,
  type OutputOptions,
  type OutputTarget,
  resolveOutput,
} from './output-target.ts';
import { programName } from './program-name.ts';
import { report } from './reporter.ts';
import { summaryLines } from './summary.ts';
import { StatusLine } from './terminal/status-line.ts';
import { writeOutput } from './write-output.ts';

/** What `sigprof record -p` was asked for. */
export interface AttachSettings extends RemoteOptions {
  /** 0: until the process ends, or Ctrl-C. */
  readonly durationMs: number;
  readonly output: OutputOptions;
  readonly style: WriteOptions;
  readonly sourceMaps: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly isQuiet: boolean;
}

/** Records a running process; returns the exit code. */
export async function attachCommand(settings: AttachSettings): Promise<number> {
  // Before anything is recorded: a mistake found afterwards would cost the recording.
  const target = resolveAttachOutput(settings);
  const asked = catchEndSignals();
  const recording = new RemoteRecording(
    settings,
    settings.sourceMaps ? new SourceMapper() : undefined,
  );
  const status =
    settings.isQuiet || !process.stderr.isTTY
      ? undefined
      : new StatusLine(process.stderr, () => recording.progress());
  const end = await waitForEnd(recording, settings.durationMs, asked);
  status?.stop();
  const profile = filtered(recording.stop(), settings);
  await writeOrKeep(profile, settings.pid, () => writeOutput(profile, target, settings.style));
  if (settings.isQuiet) return ExitCode.ok;
  if (end !== '') report(`process ${settings.pid} ${end}`);
  for (const line of summaryLines(profile)) report(line);
  if (profile.totals.samples === 0) {
    report("no samples: the process used no CPU time; '-m wall -i' shows where it waits");
  }
  if (target.path !== undefined) report(`wrote ${target.path}; ${target.format.hint}`);
  return ExitCode.ok;
}

function resolveAttachOutput({ pid, output }: AttachSettings): OutputTarget {
  if (output.output !== undefined) return resolveOutput(output);
  const { format } = resolveOutput({ format: output.format });
  const [extension = ''] = format.extensions;
  const path = defaultFileName(programName(pid), pid, extension, new Date());
  checkWritable(path);
  return { format, path };
}

function filtered(profile: Profile, { include, exclude, style }: AttachSettings): Profile {
  return include.length + exclude.length === 0
    ? profile
    : profile.filter({ ...style, include, exclude });
}

/** A recording can't be made again: where it can't be written as asked, it is kept. */
async function writeOrKeep(
  profile: Profile,
  pid: number,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    const kept = join(tmpdir(), defaultFileName('kept', pid, '.sigprof', new Date()));
    await profile.write(kept);
    const { message } = error as Error;
    throw new SigprofError(
      'ERR_SIGPROF_OUTPUT',
      `${message}; the recording is kept in ${kept}, convert it with 'sigprof convert ${kept} -o FILE'`,
      { cause: error },
    );
  }
}
