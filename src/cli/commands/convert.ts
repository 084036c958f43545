import type { Command } from 'commander';
import { NO_SOURCE_MAPS, parsePattern } from '../arguments.ts';
import { FORMAT_NAMES } from '../output-formats.ts';
import { resolveOutput } from '../output-target.ts';
import { readInput } from '../read-input.ts';
import { report } from '../reporter.ts';
import { writeOutput } from '../write-output.ts';

interface ConvertFlags {
  readonly output: string;
  readonly format?: string;
  readonly lenient?: boolean;
  readonly threads?: boolean;
  readonly lines?: boolean;
  readonly fullFilenames?: boolean;
  readonly sourceMaps: boolean;
  readonly include?: string[];
  readonly exclude?: string[];
}

/** Adds `sigprof convert IN -o OUT`. */
export function addConvertCommand(program: Command): void {
  program
    .command('convert')
    .description('write a profile in another format')
    .argument('<file>', 'the profile; "-" is stdin')
    .requiredOption('-o, --output <file>', 'file to write, "-" is stdout')
    .option('-f, --format <format>', `${FORMAT_NAMES} (default: by the extension)`)
    .option('--lenient', 'skip and count what cannot be read, instead of failing')
    .option('-t, --threads', 'root every stack with its thread')
    .option('-l, --lines', 'one frame per executing line instead of one per function')
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
    .action(async (file: string, flags: ConvertFlags) => {
      const { output, format, lenient, sourceMaps, include = [], exclude = [], ...style } = flags;
      const target = resolveOutput({ output, format });
      const all = readInput(file, { lenient, sourceMaps });
      const isFiltered = include.length + exclude.length > 0;
      const profile = isFiltered ? all.filter({ ...style, include, exclude }) : all;
      await writeOutput(profile, target, style);
      if (target.path !== undefined) report(`wrote ${target.path}; ${target.format.hint}`);
    });
}
