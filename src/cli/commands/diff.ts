import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { type DiffNormalization, Profile } from '../../profile.ts';
import { NO_SOURCE_MAPS, parseLimit, parsePattern, parsePercent } from '../arguments.ts';
import { diffDocument } from '../diff/diff-document.ts';
import { diffJson } from '../diff/diff-json.ts';
import { pictureTarget, writeDiffPicture } from '../diff/diff-picture.ts';
import { judge } from '../diff/verdict.ts';
import { ExitCode, type SetExitCode } from '../exit-codes.ts';
import { readInput } from '../read-input.ts';
import { UsageError } from '../reporter.ts';
import { printDocument } from '../terminal/print-document.ts';

interface DiffFlags {
  readonly output?: string;
  readonly base?: string[];
  readonly new?: string[];
  readonly normalize?: DiffNormalization;
  readonly sort: 'self' | 'total';
  readonly limit?: number;
  readonly function?: string[];
  readonly include?: string[];
  readonly exclude?: string[];
  readonly confidence: number;
  readonly noise: number;
  readonly failIfSlower?: number;
  readonly fullFilenames?: boolean;
  readonly sourceMaps: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly lenient?: boolean;
}

/** The largest changes; what follows is mostly chance. */
const DEFAULT_LIMIT = 20;

/** Adds `sigprof diff BASE NEW`. */
export function addDiffCommand(program: Command, setExitCode: SetExitCode): void {
  program
    .command('diff')
    .description('compare two profiles, and tell which differences are more than chance')
    .argument('<base>', 'the profile to compare with, in any format; "-" is stdin')
    .argument('<new>', 'the profile that is compared')
    .option(
      '-o, --output <file>',
      'draw the difference: an .svg or .html file; the table is printed all the same',
    )
    .option('--base <file>', 'a further recording of the base (repeatable)', collect)
    .option('--new <file>', 'a further recording of the new side (repeatable)', collect)
    .addOption(
      new Option(
        '--normalize <by>',
        'compare shares of the profile, time per second recorded, or time per recording (default: share; recording with --fail-if-slower)',
      ).choices(['share', 'second', 'recording']),
    )
    .addOption(
      new Option('--sort <key>', 'largest change first, in')
        .choices(['self', 'total'])
        .default('self'),
    )
    .option(
      '--limit <n>',
      `list at most so many (default: ${DEFAULT_LIMIT}; JSON: all)`,
      parseLimit,
    )
    .option(
      '--function <pattern>',
      'list and judge only functions that match (repeatable)',
      parsePattern('--function'),
    )
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
      '--confidence <pct>',
      'how sure a finding must be, 50 to 99.99',
      parsePercent('--confidence', 50, 99.99),
      95,
    )
    .option(
      '--noise <pct>',
      'how far runs of the same program are assumed to differ, where a side has one recording',
      parsePercent('--noise', 0, 100),
      2,
    )
    .option(
      '--fail-if-slower <pct>',
      `end with ${ExitCode.slower} when the new side takes longer by more than that, and by more than chance`,
      parsePercent('--fail-if-slower', 0, 1e6),
    )
    .option('--full-filenames', 'do not shorten paths')
    .option(...NO_SOURCE_MAPS)
    .option('-j, --json', 'as JSON')
    .option('--markdown', 'as Markdown, for a pull request')
    .option('--lenient', 'skip and count what cannot be read, instead of failing')
    .addHelpText('after', EXAMPLES)
    .action(async (base: string, next: string, flags: DiffFlags) => {
      setExitCode(await diffCommand(base, next, flags));
    });
}

const EXAMPLES = `
Examples:
  sigprof diff before.sigprof after.sigprof -o diff.svg
  sigprof diff old1.sigprof new1.sigprof --base old2.sigprof --new new2.sigprof
  sigprof diff base.sigprof new.sigprof --fail-if-slower 5     in CI; ends with ${ExitCode.slower} when slower
  sigprof diff base.sigprof new.sigprof --markdown > comment.md`;

async function diffCommand(base: string, next: string, flags: DiffFlags): Promise<number> {
  checkFlags(base, next, flags);
  const target = flags.output === undefined ? undefined : pictureTarget(flags.output);
  const sides = {
    base: [base, ...(flags.base ?? [])].map((file) => readFiltered(file, flags)),
    new: [next, ...(flags.new ?? [])].map((file) => readFiltered(file, flags)),
  };
  const { sort, fullFilenames, function: match, failIfSlower } = flags;
  const normalize = flags.normalize ?? (failIfSlower === undefined ? 'share' : 'recording');
  const confidence = flags.confidence / 100;
  const noise = flags.noise / 100;
  const options = { normalize, sort, match, fullFilenames, confidence, noise };
  const diff = Profile.compare(sides.base, sides.new, options);
  const verdict =
    failIfSlower === undefined ? undefined : judge(diff, failIfSlower, match !== undefined);
  // Before anything is written: a reader that goes away must not turn a failure into a success.
  const exitCode = verdict?.isSlower ? ExitCode.slower : ExitCode.ok;
  process.exitCode = exitCode;
  if (target !== undefined) await writeDiffPicture(sides, diff, target, fullFilenames);
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(diffJson(diff, verdict, flags.limit), null, 2)}\n`);
  } else {
    const names = { base: basename(base), new: basename(next) };
    const limit = flags.limit ?? DEFAULT_LIMIT;
    printDocument(diffDocument(diff, { names, sort, limit, verdict }), flags);
  }
  return exitCode;
}

function readFiltered(
  file: string,
  { lenient, sourceMaps, include = [], exclude = [], fullFilenames }: DiffFlags,
): Profile {
  const profile = readInput(file, { lenient, sourceMaps });
  if (include.length + exclude.length === 0) return profile;
  return profile.filter({ include, exclude, fullFilenames });
}

function checkFlags(base: string, next: string, flags: DiffFlags): void {
  if (flags.json && flags.markdown) throw new UsageError('choose one of --json and --markdown');
  const inputs = [base, next, ...(flags.base ?? []), ...(flags.new ?? [])];
  if (inputs.filter((file) => file === '-').length > 1) {
    throw new UsageError('only one profile can come from stdin; name a file for the others');
  }
  const { failIfSlower, normalize, function: match } = flags;
  if (failIfSlower !== undefined && normalize === 'share' && match === undefined) {
    throw new UsageError(
      'the shares of all functions together are always 100 %; with --normalize share, --fail-if-slower needs a --function to judge',
    );
  }
}

function collect(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}
