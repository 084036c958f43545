import type { Command } from 'commander';
import { dumpProcesses } from '../../session/dump.ts';
import { parsePid } from '../arguments.ts';
import { formatDump } from '../dump-text.ts';

interface DumpFlags {
  readonly pid: number;
  readonly json?: boolean;
  readonly native?: boolean;
  readonly subprocesses?: boolean;
  readonly fullFilenames?: boolean;
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
    .option('--nonblocking', 'never stop a thread; one that runs JavaScript is not seen then')
    .action((flags: DumpFlags) => {
      const { pid, json, native = false, subprocesses = false, ...others } = flags;
      const { fullFilenames = false, nonblocking = false } = others;
      const dumps = dumpProcesses(pid, { native, subprocesses, fullFilenames, nonblocking });
      process.stdout.write(
        json === true ? `${JSON.stringify(dumps, null, 2)}\n` : dumps.map(formatDump).join('\n'),
      );
    });
}
