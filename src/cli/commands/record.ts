import type { Command } from 'commander';
import { DEFAULT_MAX_BYTES, DEFAULT_RATE_HZ, type SamplingMode } from '../../session/options.ts';
import {
  NO_SOURCE_MAPS,
  parseDuration,
  parseMode,
  parsePattern,
  parsePid,
  parseRate,
} from '../arguments.ts';
import { attachCommand } from '../attach-command.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { FORMAT_NAMES, KNOWN_EXTENSIONS } from '../output-formats.ts';
import { type RecordSettings, recordCommand } from '../record-command.ts';
import { UsageError } from '../reporter.ts';

interface RecordFlags {
  readonly pid?: number;
  readonly nonblocking?: boolean;
  readonly output?: string;
  readonly format?: string;
  readonly rate: number;
  readonly duration?: number;
  readonly mode: SamplingMode;
  readonly threads?: boolean;
  readonly idle?: boolean;
  readonly native?: boolean;
  readonly lines?: boolean;
  readonly subprocesses?: boolean;
  readonly fullFilenames?: boolean;
  readonly sourceMaps: boolean;
  readonly include?: string[];
  readonly exclude?: string[];
  readonly quiet?: boolean;
}

/** Adds `sigprof record [options] (-p PID | [--] COMMAND [ARG...])`. */
export function addRecordCommand(program: Command, setExitCode: SetExitCode): void {
  program
    .command('record')
    .description('record where a program spends its time: one to be run, or a running process')
    .argument('[command...]', 'the program and its arguments; all after the first word is its own')
    .usage('[options] (-p PID | [--] COMMAND [ARG...])')
    .passThroughOptions()
    .option('-p, --pid <pid>', 'a running process; nothing is loaded into it', parsePid)
    .option(
      '-o, --output <file>',
      'file to write, "-" is stdout (default: sigprof-<name>-<pid>-<time>.svg)',
    )
    .option(
      '-f, --format <format>',
      `${FORMAT_NAMES} (default: by the extension: ${KNOWN_EXTENSIONS.join(' ')})`,
    )
    .option(
      '-r, --rate <hz>',
      'samples per second and thread, 1 to 10000',
      parseRate,
      DEFAULT_RATE_HZ,
    )
    .option(
      '-d, --duration <sec>',
      'end after so many seconds (default: when the program ends)',
      parseDuration,
    )
    .option(
      '-m, --mode <mode>',
      'cpu: as a thread uses CPU; wall: as time passes',
      parseMode,
      'cpu',
    )
    .option('-t, --threads', 'root every stack with its thread')
    .option('-i, --idle', 'keep idle samples')
    .option('-n, --native', 'C and C++ frames too, and threads without JavaScript by their stacks')
    .option('-l, --lines', 'one frame per executing line instead of one per function')
    .option('-s, --subprocesses', 'record child Node processes too')
    .option('--full-filenames', 'do not shorten paths')
    .option(...NO_SOURCE_MAPS)
    .option(
      '--include <pattern>',
      'keep only stacks with a frame that matches (repeatable)',
      parsePattern('--include'),
    )
    .option(
      '--exclude <pattern>',
      'drop stacks with a frame that matches (repeatable)',
      parsePattern('--exclude'),
    )
    .option(
      '--nonblocking',
      'with -p: never stop the process; sees it only while it runs no JavaScript',
    )
    .option('-q, --quiet', 'print nothing but errors')
    .action(async (words: string[], flags: RecordFlags) => {
      setExitCode(await run(words, flags));
    });
}

function run(words: readonly string[], flags: RecordFlags): Promise<number> {
  const { pid, nonblocking = false } = flags;
  const [command, ...args] = words;
  if (pid !== undefined) {
    if (command !== undefined) {
      throw new UsageError(`record takes either -p or a program, got both ('${command}')`);
    }
    const settings = settingsOf(flags);
    return attachCommand({ ...settings, pid, nonblocking, maxBytes: DEFAULT_MAX_BYTES });
  }
  if (nonblocking) throw new UsageError('--nonblocking is for running processes, with -p');
  if (command === undefined) {
    throw new UsageError(
      "record needs a program to run, as 'sigprof record -- node app.js', or a process with -p",
    );
  }
  return recordCommand({ ...settingsOf(flags), command, args });
}

function settingsOf(flags: RecordFlags): Omit<RecordSettings, 'command' | 'args'> {
  const { rate: rateHz, duration: durationMs = 0, idle = false, native = false, ...others } = flags;
  const { subprocesses = false, quiet: isQuiet = false, include, exclude, ...style } = others;
  return {
    rateHz,
    durationMs,
    mode: flags.mode,
    sourceMaps: flags.sourceMaps,
    idle,
    native,
    subprocesses,
    isQuiet,
    include: include ?? [],
    exclude: exclude ?? [],
    output: { output: flags.output, format: flags.format },
    style: { threads: style.threads, lines: style.lines, fullFilenames: style.fullFilenames },
  };
}
