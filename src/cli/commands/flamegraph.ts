import type { Command } from 'commander';
import { formatNamed } from '../output-formats.ts';
import { checkWritable } from '../output-target.ts';
import { readInput } from '../read-input.ts';
import { report, UsageError } from '../reporter.ts';
import { writeOutput } from '../write-output.ts';

interface FlamegraphFlags {
  readonly output: string;
  readonly title?: string;
  readonly threads?: boolean;
  readonly lines?: boolean;
  readonly fullFilenames?: boolean;
}

/** Adds `sigprof flamegraph FILE [-o OUT]`. */
export function addFlamegraphCommand(program: Command): void {
  program
    .command('flamegraph')
    .description('draw a profile or folded stacks as SVG')
    .argument('<file>', 'the profile; "-" is stdin')
    .option('-o, --output <file>', 'SVG file to write, "-" is stdout', '-')
    .option('--title <text>', 'title of the picture')
    .option('-t, --threads', 'root every stack with its thread')
    .option('-l, --lines', 'one frame per executing line instead of one per function')
    .option('--full-filenames', 'do not shorten paths')
    .action(async (file: string, flags: FlamegraphFlags) => {
      const { output, ...style } = flags;
      const path = output === '-' ? undefined : output;
      if (path !== undefined) checkWritable(path);
      else if (process.stdout.isTTY) {
        throw new UsageError('the picture would go to the terminal; name a file with -o');
      }
      await writeOutput(readInput(file), { path, format: formatNamed('flamegraph') }, style);
      if (path !== undefined) report(`wrote ${path}`);
    });
}
