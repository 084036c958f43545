import type { Command } from 'commander';
import { dumpProcesses } from '../../session/dump.ts';
import { SourceMapper } from '../../source-maps/source-mapper.ts';
import { NO_SOURCE_MAPS, parsePid } from '../arguments.ts';
import { formatDump } from '../dump-text.ts';
import { report } from '../reporter.ts';

interface DumpFlags {
  readonly pid: number;
  readonly json?: boolean;
  readonly native?: boolean;
  readonly subprocesses?: boolean;
  readonly fullFilenames?: boolean;
  readonly sourceMaps: boolean;
  readonly nonblocking?: boolean;
}

/** Adds `sigprof dump -p PID`. */
export function addDumpCommand(program: Command): void {
  program
    .command('dump')
    .description('print the stacks of all threads of a running process, now')
    .requiredOption('-p, --pid <pid>', 'the process; nothing is loaded into it', parsePid)
    .option('-j, --json', 'as JSON (docs/cli.md)')
    .option('-n, --native', 'C and C++ frames too')
    .option('-s, --subprocesses', 'child Node processes too')
    .option('--full-filenames', 'do not shorten paths')
    .option(...NO_SOURCE_MAPS)
    .option('--nonblocking', 'never stop a thread; one that runs JavaScript is not seen then')
    .action((flags: DumpFlags) => {
      const { pid, json, native = false, subprocesses = false, ...others } = flags;
      const { fullFilenames = false, nonblocking = false } = others;
      const maps = flags.sourceMaps ? new SourceMapper() : undefined;
      const options = { native, subprocesses, fullFilenames, nonblocking, maps };
      const dumps = dumpProcesses(pid, options);
      process.stdout.write(
        json === true ? `${JSON.stringify(dumps, null, 2)}\n` : dumps.map(formatDump).join('\n'),
      );
      for (const note of maps?.notes ?? []) report(`warning: ${note}`);
    });
}
