import type { Command } from 'commander';
import { DEFAULT_MAX_BYTES, DEFAULT_RATE_HZ } from '../../session/options.ts';
import { SourceMapper } from '../../source-maps/source-mapper.ts';
import { NO_SOURCE_MAPS, parseDuration, parsePid, parseRate } from '../arguments.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { UsageError } from '../reporter.ts';
import { topCommand } from '../top-command.ts';

const DEFAULT_DELAY_MS = 1000;

interface TopFlags {
  readonly pid?: number;
  readonly rate: number;
  readonly native?: boolean;
  readonly delay?: number;
  readonly subprocesses?: boolean;
  readonly fullFilenames?: boolean;
  readonly sourceMaps: boolean;
  readonly nonblocking?: boolean;
}

/** Adds `sigprof top (-p PID | [--] COMMAND [ARG...])`. */
export function addTopCommand(program: Command, setExitCode: SetExitCode): void {
  program
    .command('top')
    .description('show live where a program spends its time')
    .argument('[command...]', 'the program and its arguments; all after the first word is its own')
    .usage('[options] (-p PID | [--] COMMAND [ARG...])')
    .passThroughOptions()
    .option('-p, --pid <pid>', 'a running process; nothing is loaded into it', parsePid)
    .option(
      '-r, --rate <hz>',
      'samples per second and thread, 1 to 10000',
      parseRate,
      DEFAULT_RATE_HZ,
    )
    .option('-n, --native', 'C and C++ frames too')
    .option('--delay <sec>', 'between two refreshes (default: 1)', parseDuration)
    .option('-s, --subprocesses', 'child Node processes too')
    .option('--full-filenames', 'do not shorten paths')
    .option(...NO_SOURCE_MAPS)
    .option('--nonblocking', 'never stop the process; sees it only while it runs no JavaScript')
    .action(async (words: string[], flags: TopFlags) => {
      const { pid, rate: rateHz, delay: delayMs = DEFAULT_DELAY_MS } = flags;
      if ((pid === undefined) === (words.length === 0)) {
        throw new UsageError("top needs either a process, as 'sigprof top -p PID', or a program");
      }
      const { native = false, subprocesses = false, nonblocking = false } = flags;
      setExitCode(
        await topCommand({
          pid,
          program: words,
          rateHz,
          delayMs,
          subprocesses,
          nonblocking,
          fullFilenames: flags.fullFilenames ?? false,
          maps: flags.sourceMaps ? new SourceMapper() : undefined,
          // Sleep is looked at, too, to tell how busy the event loop is.
          mode: 'wall',
          idle: true,
          native,
          maxBytes: DEFAULT_MAX_BYTES,
        }),
      );
    });
}
