import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import type { Profile, SortKey } from '../../profile.ts';
import { SigprofError } from '../../session/errors.ts';
import { NO_SOURCE_MAPS, parseLimit, parsePattern } from '../arguments.ts';
import { readInput } from '../read-input.ts';
import { reportDocument } from '../report/report-document.ts';
import { reportJson } from '../report/report-json.ts';
import type { ReportSettings, ReportView } from '../report/settings.ts';
import { UsageError } from '../reporter.ts';
import { printDocument } from '../terminal/print-document.ts';

interface ReportFlags {
  readonly sort: SortKey;
  readonly limit?: number;
  readonly function?: string[];
  readonly include?: string[];
  readonly exclude?: string[];
  readonly lines?: boolean;
  readonly callersOf?: string;
  readonly calleesOf?: string;
  readonly hotPaths?: boolean;
  readonly threads?: boolean;
  readonly fullFilenames?: boolean;
  readonly sourceMaps: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly lenient?: boolean;
}

/** Rows a pull request's reader is shown without asking. */
const MARKDOWN_LIMIT = 20;

/** Adds `sigprof report FILE`. */
export function addReportCommand(program: Command): void {
  program
    .command('report')
    .description('list where the time of a profile went: functions, lines, calls, paths')
    .argument('<file>', 'the profile, in any format; "-" is stdin')
    .addOption(
      new Option('--sort <key>', 'largest first, by')
        .choices(['self', 'total', 'samples', 'name'])
        .default('self'),
    )
    .option('--limit <n>', 'list at most so many (default: all; paths 10, Markdown 20)', parseLimit)
    .option(
      '--function <pattern>',
      'list only functions that match (repeatable)',
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
    .option('-l, --lines', 'source lines, with their text where it can be read')
    .option('--callers-of <function>', 'who calls it: a name, or a pattern')
    .option('--callees-of <function>', 'whom it calls: a name, or a pattern')
    .option('--hot-paths', 'the paths of calls that cost most')
    .option('-t, --threads', 'each thread by itself')
    .option('--full-filenames', 'do not shorten paths')
    .option(...NO_SOURCE_MAPS)
    .option('-j, --json', 'as JSON')
    .option('--markdown', 'as Markdown, for a pull request')
    .option('--lenient', 'skip and count what cannot be read, instead of failing')
    .addHelpText('after', EXAMPLES)
    .action((file: string, flags: ReportFlags) => {
      const settings = settingsOf(file, flags);
      const { include = [], exclude = [] } = flags;
      const all = readInput(file, { lenient: flags.lenient, sourceMaps: flags.sourceMaps });
      const isFiltered = include.length + exclude.length > 0;
      const profile = isFiltered ? all.filter({ ...settings.names, include, exclude }) : all;
      checkTarget(profile, settings);
      if (flags.json === true) {
        process.stdout.write(`${JSON.stringify(reportJson(profile, settings), null, 2)}\n`);
      } else printDocument(reportDocument(profile, settings), flags);
    });
}

const EXAMPLES = `
Examples:
  sigprof report app.sigprof --limit 20            the functions with most time of their own
  sigprof report app.cpuprofile --sort total --function 'src/'
  sigprof report app.sigprof --callers-of JSON.parse
  perf script | stackcollapse-perf.pl | sigprof report -`;

function settingsOf(file: string, flags: ReportFlags): ReportSettings {
  if (flags.json && flags.markdown) throw new UsageError('choose one of --json and --markdown');
  const { sort, threads: byThread = false, fullFilenames, function: match = [] } = flags;
  const view = viewOf(flags);
  if (match.length > 0 && view.kind !== 'functions' && view.kind !== 'lines') {
    throw new UsageError(
      '--function picks rows of the table of functions or lines; to pick stacks use --include and --exclude',
    );
  }
  // Callers by executing line are call sites; where lines are the rows themselves they are no option.
  const lines = view.kind === 'lines' ? undefined : flags.lines;
  const limit =
    flags.limit ?? (flags.markdown && view.kind !== 'paths' ? MARKDOWN_LIMIT : undefined);
  const title = file === '-' ? 'stdin' : basename(file);
  return { title, view, sort, limit, byThread, names: { lines, fullFilenames }, match };
}

/** A name that fits nothing is mistyped more often than it is not called. */
function checkTarget(profile: Profile, { view, names }: ReportSettings): void {
  if (view.kind !== 'callers' && view.kind !== 'callees') return;
  if (profile.calls(view.target, names).functions.length > 0) return;
  throw new SigprofError(
    'ERR_SIGPROF_INVALID_PROFILE',
    `no function in the samples matches '${view.target}'; 'sigprof report FILE --sort name' lists those there are`,
  );
}

function viewOf({ callersOf, calleesOf, hotPaths, lines }: ReportFlags): ReportView {
  const views: ReportView[] = [];
  if (callersOf !== undefined) views.push({ kind: 'callers', target: callersOf });
  if (calleesOf !== undefined) views.push({ kind: 'callees', target: calleesOf });
  if (hotPaths === true) views.push({ kind: 'paths' });
  if (views.length > 1) {
    throw new UsageError('choose one of --callers-of, --callees-of and --hot-paths');
  }
  return views[0] ?? { kind: lines === true ? 'lines' : 'functions' };
}
