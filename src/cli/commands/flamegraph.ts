import { type Command, Option } from 'commander';
import { type PictureOptions, type Profile, paletteNames } from '../../profile.ts';
import { NO_SOURCE_MAPS, parseBoxWidth, parseNumber, parsePattern } from '../arguments.ts';
import { formatNamed } from '../output-formats.ts';
import { resolveOutput } from '../output-target.ts';
import { readPicture } from '../read-input.ts';
import { report, UsageError } from '../reporter.ts';
import { writeOutput } from '../write-output.ts';

interface FlamegraphFlags {
  readonly output: string;
  readonly format?: string;
  readonly title?: string;
  readonly subtitle?: string;
  readonly notes?: string;
  readonly width?: number;
  readonly height?: number;
  readonly minwidth?: { readonly px?: number; readonly share?: number };
  readonly fonttype?: string;
  readonly fontsize?: number;
  readonly fontwidth?: number;
  readonly bgcolors?: string;
  readonly countname?: string;
  readonly nametype?: string;
  readonly total?: number;
  readonly colors?: string;
  readonly color?: string;
  readonly negate?: boolean;
  readonly layout?: 'icicle' | 'flame';
  readonly inverted?: boolean;
  readonly reverse?: boolean;
  readonly flamechart?: boolean;
  readonly threads?: boolean;
  readonly lines?: boolean;
  readonly fullFilenames?: boolean;
  readonly sourceMaps: boolean;
  readonly include?: string[];
  readonly exclude?: string[];
  readonly lenient?: boolean;
}

const PICTURES = ['flamegraph', 'html'];

/** Adds `sigprof flamegraph FILE [-o OUT]`, which takes flamegraph.pl's common options. */
export function addFlamegraphCommand(program: Command): void {
  const command = program
    .command('flamegraph')
    .description('draw a profile, or folded stacks from any tool, as SVG or HTML')
    .argument('[file]', 'the profile; "-" is stdin', '-')
    .option('-o, --output <file>', 'an .svg or .html file, "-" is stdout', '-')
    .option('-f, --format <format>', 'flamegraph (SVG) or html (default: by the extension)')
    .option('--title <text>', 'title of the picture')
    .option('--subtitle <text>', 'second line of the title')
    .option('--notes <text>', 'a line in the footer')
    .option(
      '--width <px>',
      'fixed width of an SVG (default: as wide as the window)',
      parseNumber('--width', 200, 100_000),
    )
    .option('--height <px>', 'height of a box (default: 16)', parseNumber('--height', 8, 100))
    .option(
      '--minwidth <px>',
      'SVG: draw narrower boxes together in grey; pixels, or a percentage (default: 0.1)',
      parseBoxWidth,
    )
    .option('--fonttype <family>', 'font of names (default: monospaced)')
    .option('--fontsize <px>', 'size of names (default: 12)', parseNumber('--fontsize', 4, 60))
    .option('--countname <text>', 'what counts are called (default: samples)')
    .option('--nametype <text>', 'what stands before a name when a box is described')
    .option(
      '--total <n>',
      'a whole larger than the sum, to draw two profiles to one scale',
      parseNumber('--total', 1, Number.MAX_SAFE_INTEGER),
    )
    .addOption(
      new Option('--colors <palette>', 'how boxes are coloured (default: category)').choices([
        ...paletteNames,
      ]),
    )
    .option('--bgcolors <colour>', 'background: #rrggbb, yellow, blue, green or grey')
    .addOption(
      new Option(
        '--layout <layout>',
        'callers at the top (icicle, the default) or at the bottom',
      ).choices(['icicle', 'flame']),
    )
    .option('--inverted', 'the same as --layout icicle')
    .option('--reverse', 'merge stacks from the leaf')
    .option('--flamechart', 'keep the order of samples, do not merge equal stacks')
    .option('--negate', 'stacks with two counts: exchange the colours of less and more');
  addSharedOptions(command).action(draw);
}

function addSharedOptions(command: Command): Command {
  // Colours follow from names and the encoding is UTF-8 always; taken so that scripts keep working.
  for (const [flags, words] of [
    ['--hash', 'taken and ignored: colours follow from names'],
    ['--random', 'taken and ignored: colours follow from names'],
    ['--cp', 'taken and ignored: colours are the same in every picture'],
    ['--encoding <name>', 'taken and ignored: UTF-8'],
  ] as const) {
    command.addOption(new Option(flags, words).hideHelp());
  }
  command
    .addOption(
      // Perl lets options be abbreviated, and this one is, in most of what is written about flame graphs.
      new Option('--color <palette>', 'the same as --colors').choices([...paletteNames]).hideHelp(),
    )
    .addOption(
      new Option('--fontwidth <em>', "width of a character, of the font's size")
        .argParser(parseNumber('--fontwidth', 0.1, 2))
        .hideHelp(),
    );
  return command
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
    .option('--lenient', 'skip and count lines that cannot be read');
}

async function draw(file: string, flags: FlamegraphFlags): Promise<void> {
  const { output, format, lenient, sourceMaps, include = [], exclude = [] } = flags;
  if (flags.reverse === true && flags.flamechart === true) {
    throw new UsageError('--reverse and --flamechart exclude each other');
  }
  const target = resolveOutput({ output, format });
  if (!PICTURES.includes(target.format.name)) {
    throw new UsageError(
      `a picture is .svg or .html; for ${target.format.name} use 'sigprof convert'`,
    );
  }
  if (target.path === undefined && process.stdout.isTTY) {
    throw new UsageError('the picture would go to the terminal; name a file with -o');
  }
  if (file === '-' && process.stdin.isTTY) {
    throw new UsageError('name a profile; "-" reads folded stacks from a pipe');
  }
  const { profile, base } = readPicture(file, { lenient, sourceMaps });
  const { threads, lines, fullFilenames } = flags;
  const style = { threads, lines, fullFilenames };
  const isFiltered = include.length + exclude.length > 0;
  const filtered = (all: Profile) =>
    isFiltered ? all.filter({ ...style, include, exclude }) : all;
  await writeOutput(filtered(profile), target, {
    ...style,
    ...picked(flags),
    // Whoever wrote two counts has scaled them, or wants to see the difference as it is.
    ...(base ? { base: filtered(base), normalize: false } : {}),
  });
  if (target.path !== undefined)
    report(`wrote ${target.path}; ${formatNamed(target.format.name).hint}`);
}

/** The looks of the picture. */
function picked(flags: FlamegraphFlags): PictureOptions {
  return {
    title: flags.title,
    subtitle: flags.subtitle,
    notes: flags.notes,
    widthPx: flags.width,
    rowPx: flags.height,
    minWidthPx: flags.minwidth?.px,
    minShare: flags.minwidth?.share,
    fontFamily: flags.fonttype,
    fontSizePx: flags.fontsize,
    fontWidthEm: flags.fontwidth,
    background: flags.bgcolors,
    negate: flags.negate,
    countName: flags.countname,
    nameType: flags.nametype,
    total: flags.total,
    colors: flags.colors ?? flags.color,
    layout: flags.inverted === true ? 'icicle' : flags.layout,
    reverse: flags.reverse,
    flameChart: flags.flamechart,
  };
}
