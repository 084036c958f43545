import { type Command, Option } from 'commander';
import type { Profile } from '../../profile.ts';
import { parseLimit } from '../arguments.ts';
import { readInput } from '../read-input.ts';
import { formatTable, type TableColumn } from '../terminal/table.ts';

interface ReportFlags {
  readonly sort: 'self' | 'total';
  readonly limit?: number;
  readonly lines?: boolean;
  readonly json?: boolean;
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'self %', align: 'right' },
  { title: 'self', align: 'right' },
  { title: 'total %', align: 'right' },
  { title: 'total', align: 'right' },
  { title: 'samples', align: 'right' },
  { title: 'function', align: 'left' },
];

/** Adds `sigprof report FILE`. */
export function addReportCommand(program: Command): void {
  program
    .command('report')
    .description('list the functions of a profile with their own and total time')
    .argument('<file>', 'the profile; "-" is stdin')
    .addOption(
      new Option('--sort <key>', 'largest first, by').choices(['self', 'total']).default('self'),
    )
    .option('--limit <n>', 'list at most so many (default: all)', parseLimit)
    .option('-l, --lines', 'one row per executing line instead of one per function')
    .option('-j, --json', 'as JSON')
    .action((file: string, flags: ReportFlags) => {
      const profile = readInput(file);
      process.stdout.write(
        flags.json === true ? jsonReport(profile, flags) : tableReport(profile, flags),
      );
    });
}

function tableReport(profile: Profile, flags: ReportFlags): string {
  const { sort, limit, lines } = flags;
  const { weight, samples } = profile.totals;
  const share = (part: number) => (weight > 0 ? (100 * part) / weight : 0).toFixed(1);
  const rows = profile
    .functions({ sort, limit, lines })
    .map((row) => [
      share(row.selfWeight),
      formatWeight(profile, row.selfWeight),
      share(row.totalWeight),
      formatWeight(profile, row.totalWeight),
      String(row.selfSamples),
      row.path === '' ? row.name : `${row.name} (${row.path}${row.line > 0 ? `:${row.line}` : ''})`,
    ]);
  const total = `total: ${formatWeight(profile, weight)}, ${samples} samples\n`;
  return `${formatTable(COLUMNS, rows)}${total}`;
}

function jsonReport(profile: Profile, flags: ReportFlags): string {
  const { sort, limit, lines } = flags;
  const { meta, totals, counters } = profile;
  const functions = profile.functions({ sort, limit, lines });
  return `${JSON.stringify({ unit: meta.unit, totals, lost: counters.lost, functions }, null, 2)}\n`;
}

function formatWeight({ meta }: Profile, weight: number): string {
  return meta.unit === 'nanoseconds' ? `${(weight / 1e6).toFixed(1)} ms` : String(weight);
}
