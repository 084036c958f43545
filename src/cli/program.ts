import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addConvertCommand } from './commands/convert.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addDumpCommand } from './commands/dump.ts';
import { addFlamegraphCommand } from './commands/flamegraph.ts';
import { addRecordCommand } from './commands/record.ts';
import { addReportCommand } from './commands/report.ts';
import { addToggleCommand } from './commands/toggle.ts';
import { addTopCommand } from './commands/top.ts';
import { ExitCode, type SetExitCode } from './exit-codes.ts';
import { UsageError } from './reporter.ts';
import { usageMessage } from './usage-message.ts';

const EXAMPLES = `
Examples:
  sigprof record -o flame.svg -- node app.js       profile a program, see where its CPU time goes
  sigprof record -r 1000 -d 10 -o out.collapsed -- npm start
  sigprof record -p 4711 -d 10 -o flame.svg        a running process, nothing loaded into it
  sigprof top -p 4711                              the same as a live table
  sigprof dump -p 4711                             what it does right now
  node --import sigprof/register server.js         then, twice: sigprof toggle PID
  sigprof flamegraph out.collapsed -o flame.svg    draw what any tool has folded
  sigprof report flame.sigprof --limit 20          the hottest functions as a table`;

/** Runs the command line; returns the exit code. Throws UsageError and SigprofError. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode: number = ExitCode.ok;
  const program = createProgram((code) => {
    exitCode = code;
  });
  if (args.length === 0) {
    program.outputHelp({ error: true });
    return ExitCode.usage;
  }
  try {
    await program.parseAsync(knownHelp(program, args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version have been printed; anything else is a mistake on the command line.
    if (error.exitCode === 0) return ExitCode.ok;
    throw new UsageError(usageMessage(error, program));
  }
  return exitCode;
}

/** `help` for a verb that there is not is a mistake like the verb itself; commander would print the help of all. */
function knownHelp(program: Command, args: readonly string[]): readonly string[] {
  const [first, verb] = args;
  const isUnknown =
    first === 'help' && verb !== undefined && !program.commands.some((one) => one.name() === verb);
  return isUnknown ? [verb] : args;
}

/** The whole command line, for running and for its help. */
export function createProgram(setExitCode: SetExitCode): Command {
  const program = new Command('sigprof')
    .description('Shows where Node.js programs spend their time: a sampling profiler for Linux.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .enablePositionalOptions()
    .exitOverride()
    // Errors are reported in one place, in sigprof's own words.
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', EXAMPLES);
  addRecordCommand(program, setExitCode);
  addTopCommand(program, setExitCode);
  addDumpCommand(program);
  addToggleCommand(program);
  addReportCommand(program);
  addDiffCommand(program, setExitCode);
  addFlamegraphCommand(program);
  addConvertCommand(program);
  for (const command of program.commands) nameInErrors(command);
  return program;
}

/** Errors of a verb point at the verb's own help. */
function nameInErrors(command: Command): void {
  command.exitOverride((error) => {
    throw error.exitCode === 0 ? error : new UsageError(usageMessage(error, command));
  });
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
